-- For wrk: GETs of random ranges of one file, and the outcome as one JSON line.
-- wrk ... -s ranges.lua URL -- PATH SIZE LENGTH SEED
function init(args)
  path, size, length = args[1], tonumber(args[2]), tonumber(args[3])
  math.randomseed(tonumber(args[4]))
end

function request()
  -- Two draws: one has too few bits for every byte of a large file. Offsets follow no alignment.
  local first = math.floor((math.random(0, 2 ^ 30) + math.random()) / (2 ^ 30 + 1) * (size - length))
  return string.format("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=%d-%d\r\n\r\n", path, first, first + length - 1)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.6f, "bytes": %d, "p50_us": %d, "p99_us": %d, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
