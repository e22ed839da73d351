-- wrk script: asks the questions of a labelled set in turn, each with a number behind it so that no reply comes from
-- the embedding cache, and counts what did not answer 200.
local questions = {}
local next_question = 0
local failed = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local text = line:match('"text"%s*:%s*"(.-)"[,}]')
    if text then questions[#questions + 1] = text end
  end
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  next_question = next_question + 1
  local text = questions[next_question % #questions + 1] .. " " .. next_question
  return wrk.format(nil, nil, nil, '{"text":"' .. text .. '"}')
end

function response(status)
  if status ~= 200 then
    failed = failed + 1
    if failed <= 5 then print("status " .. status) end
  end
end
