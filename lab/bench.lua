-- Load for wrk: `wrk -s bench.lua URL [-- paced]`. Paced, a connection pauses for 2 ms between requests, so that latency tells
-- about the network and not about the queue of the processors.
function init(args)
  if args[1] == "paced" then
    delay = function() return 2 end
  end
end

-- Ends with one line of JSON. Times in microseconds.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('report {"requests": %d, "duration": %d, "p50": %d, "p99": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
