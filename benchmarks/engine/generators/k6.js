// k6 with a body of its own for each request.
import http from "k6/http";
import exec from "k6/execution";

const [a, b, c] = JSON.parse(open(__ENV.BENCH_PIECES));
const batch = Number(__ENV.BENCH_BATCH);
const rate = Number(__ENV.BENCH_RATE || 0);
const url = __ENV.BENCH_URL + (batch > 1 ? "/v1/batch" : "/v1/track");
const headers = { Authorization: __ENV.BENCH_AUTHORIZATION, "Content-Type": "application/json" };

const flatOut = { executor: "constant-vus", vus: Number(__ENV.BENCH_CONNECTIONS) };
const paced = { executor: "constant-arrival-rate", rate, timeUnit: "1s", preAllocatedVUs: 200 };

export const options = {
  insecureSkipTLSVerify: true,
  discardResponseBodies: true,
  scenarios: { load: { duration: __ENV.BENCH_SECONDS + "s", gracefulStop: "2s", ...(rate ? paced : flatOut) } },
};

let sent = 0;

function id() {
  sent += 1;
  return String(exec.vu.idInTest).padStart(12, "0") + String(sent).padStart(12, "0");
}

export default function () {
  const now = new Date().toISOString();
  let body;
  if (batch === 1) {
    body = a + id() + b + now + c + ',"sentAt":"' + now + '"}';
  } else {
    const messages = [];
    for (let place = 0; place < batch; place++) messages.push(a + id() + b + now + c + "}");
    body = '{"batch":[' + messages.join(",") + '],"sentAt":"' + now + '"}';
  }
  http.post(url, body, { headers });
}
