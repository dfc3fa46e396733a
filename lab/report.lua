-- Load for wrk that leaves the processors some air: a connection pauses for 2 ms between requests. All hosts of the lab share
-- this machine, and where its processors never rest, latency tells about their queue and not about the network.
function delay()
  return 2
end

-- Ends with one line that a program reads. Latency in microseconds, errors as wrk counts them.
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("report requests=%d connect=%d read=%d write=%d status=%d timeout=%d largest=%d\n",
    summary.requests, e.connect, e.read, e.write, e.status, e.timeout, latency.max))
end
