-- Asks with a random line of a file as the token. Arguments: the file, and a header "name: value" or nothing.
local requests = {}

function init(arguments)
    local name, value = (arguments[2] or ""):match("^(%S+): (.+)$")
    for token in io.lines(arguments[1]) do
        local headers = { Host = wrk.headers["Host"], Authorization = "Bearer " .. token }
        if name then headers[name] = value end
        requests[#requests + 1] = wrk.format("GET", nil, headers)
    end
    math.randomseed(os.time())
end

function request()
    return requests[math.random(#requests)]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)
    ))
end
