-- wrk script: sends the questions of a labelled set in turn, each with a number behind it where a request's body says
-- QUESTION. Arguments: FILE BODY [THINK]. All requests are made before the first is sent, and wrk itself counts what did not
-- answer 2xx, so that as little as possible of the shared cores goes to Lua. With THINK each connection waits between a
-- reply and its next request, THINK milliseconds on average, exponentially distributed: people who come by chance.
local FIRST_NUMBER, REQUESTS = 10000, 16384
local requests, sent = {}, 0

local function read_questions(path)
  local questions = {}
  for line in io.lines(path) do
    questions[#questions + 1] = line:match('"text"%s*:%s*"(.-)"[,}]')
  end
  return questions
end

function init(arguments)
  local questions, body, think = read_questions(arguments[1]), arguments[2], tonumber(arguments[3])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for number = FIRST_NUMBER, FIRST_NUMBER + REQUESTS - 1 do
    local text = questions[number % #questions + 1] .. " " .. number
    requests[#requests + 1] = wrk.format(nil, nil, nil, (body:gsub("QUESTION", function() return text end)))
  end
  if think then
    function delay() return math.floor(0.5 - think * math.log(1 - math.random())) end
  end
end

function request()
  sent = sent + 1
  return requests[sent % REQUESTS + 1]
end
