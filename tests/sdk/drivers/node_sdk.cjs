// @segment/analytics-node as it comes, under `harness check client`; nothing is set but host and key.
// The first argument is the folder whose node_modules has it.
const { createRequire } = require('node:module')
const { writeFileSync } = require('node:fs')
const path = require('node:path')
const { Analytics } = createRequire(path.resolve(process.argv[2], 'package.json'))('@segment/analytics-node')

async function main() {
  const env = process.env
  const analytics = new Analytics({ writeKey: env.HARNESS_WRITE_KEY, host: env.HARNESS_URL })
  const lost = []
  analytics.on('error', ({ reason, ctx }) => {
    console.error(`given up: ${reason}`)
    if (ctx) lost.push(ctx.event.properties.harness_seq)
  })
  const pad = 'x'.repeat(Number(env.HARNESS_PAD_BYTES))
  const more = pad ? { harness_pad: pad } : {}
  for (let number = 1; number <= Number(env.HARNESS_EVENTS); number++) {
    analytics.track({ userId: 'harness-check', event: 'Seen', properties: { harness_seq: number, ...more } })
    if (Number(env.HARNESS_EVERY_MS)) await new Promise((done) => setTimeout(done, Number(env.HARNESS_EVERY_MS)))
  }
  await analytics.closeAndFlush()
  writeFileSync(env.HARNESS_DROPPED, lost.map((number) => `${number}\n`).join(''))
  process.exitCode = lost.length ? 1 : 0
}

main()
