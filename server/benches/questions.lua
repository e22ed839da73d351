-- wrk script: sends the questions of a labelled set in turn, each where the second argument, a request's body, says
-- QUESTION, and counts what did not answer 200.
local questions = {}
local next_question = 0
local failed = 0
local body

function init(arguments)
  for line in io.lines(arguments[1]) do
    local text = line:match('"text"%s*:%s*"(.-)"[,}]')
    if text then questions[#questions + 1] = text end
  end
  body = arguments[2]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  next_question = next_question + 1
  local text = questions[next_question % #questions + 1]
  return wrk.format(nil, nil, nil, (body:gsub("QUESTION", function() return text end)))
end

function response(status)
  if status ~= 200 then
    failed = failed + 1
    if failed <= 5 then print("status " .. status) end
  end
end
