// Send what standard input asks for with @segment/analytics-node, and tell what it told of answers and errors.
const { readFileSync } = require('node:fs')
const { Analytics } = require('@segment/analytics-node')

async function main() {
  const { settings, calls } = JSON.parse(readFileSync(0, 'utf8'))
  const analytics = new Analytics(settings)
  const told = { statuses: [], retries: [], errors: [] }
  analytics.on('http_request', ({ headers }) => told.retries.push(headers['X-Retry-Count'] ?? null))
  analytics.on('http_response', ({ status }) => told.statuses.push(status))
  analytics.on('error', ({ reason }) => told.errors.push(String(reason)))
  for (const [method, message] of calls) analytics[method](message)
  await analytics.closeAndFlush({ timeout: 15_000 })
  console.log(JSON.stringify(told))
}

main()
