-- Makes wrk end with one line that a program reads. Latency in microseconds, errors as wrk counts them.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("report requests=%d connect=%d read=%d write=%d status=%d timeout=%d largest=%d\n",
    summary.requests, e.connect, e.read, e.write, e.status, e.timeout, latency.max))
end
