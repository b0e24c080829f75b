-- wrk with a body of its own for each request: a new id, and the time by the second and a running number.
-- `wrk.format` would take longer than the server does, so the head is ready-made.
local file = io.open(os.getenv("BENCH_PIECES") .. ".lines")
local a, b, c = file:read("*l"), file:read("*l"), file:read("*l")
file:close()
local batch, sent, second, day = tonumber(os.getenv("BENCH_BATCH")), 0, 0, ""
local host = os.getenv("BENCH_URL"):gsub("^https?://", "")
local head

local function now(number)
  local at = os.time()
  if at ~= second then second = at; day = os.date("!%Y-%m-%dT%H:%M:%S.", at) end
  return day .. string.format("%03dZ", number % 1000)
end

local function body()
  if batch == 1 then
    sent = sent + 1
    local at = now(sent)
    return a .. string.format("%024d", sent) .. b .. at .. c .. ',"sentAt":"' .. at .. '"}'
  end
  local messages = {}
  local at = now(sent)
  for place = 1, batch do
    sent = sent + 1
    messages[place] = a .. string.format("%024d", sent) .. b .. at .. c
  end
  return '{"batch":[' .. table.concat(messages, "},") .. '}],"sentAt":"' .. at .. '"}'
end

function init()
  head = "POST " .. (batch > 1 and "/v1/batch" or "/v1/track") .. " HTTP/1.1\r\nHost: " .. host
    .. "\r\nAuthorization: " .. os.getenv("BENCH_AUTHORIZATION")
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body() .. "\r\n\r\n"
end

function request() return head .. body() end

function done(summary)
  local errors = summary.errors
  io.stderr:write(errors.connect + errors.read + errors.write + errors.status + errors.timeout .. " bad\n")
end
