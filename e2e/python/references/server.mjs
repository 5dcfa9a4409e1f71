// Node's HTTP server, strict and lenient. Each tells in the answer's head what it read of a request, and goes on.

import { createHash } from "node:crypto";
import http from "node:http";

function tell(request, response) {
  const digest = createHash("md5");
  request.on("data", (data) => digest.update(data));
  request.on("end", () => {
    const target = Buffer.from(request.url, "latin1").toString("base64");
    response.writeHead(200, { "X-Read": `${digest.digest("hex")} ${target}`, "Content-Length": "0" });
    response.end();
  });
  request.on("error", () => {});
}

for (const insecureHTTPParser of [false, true]) {
  const server = http.createServer({ insecureHTTPParser, maxHeaderSize: 64 * 1024 }, tell);
  // A client that only shut down its sending side is answered.
  server.httpAllowHalfOpen = true;
  server.on("checkContinue", (request, response) => {
    response.writeContinue();
    tell(request, response);
  });
  server.on("checkExpectation", tell);
  server.listen(0, "127.0.0.1", () => {
    console.log(`${insecureHTTPParser ? "lenient" : "strict"} ${server.address().port}`);
  });
}

// Ends with the test that started it.
process.stdin.on("end", () => process.exit());
process.stdin.resume();
