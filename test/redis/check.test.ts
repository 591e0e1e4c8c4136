import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSite } from '../../src/log/redis/address.ts'
import { lookAtPrimary } from '../../src/log/redis/check.ts'
import { list, serverThat } from './fake.ts'

const RIGHT: Readonly<Record<string, string>> = {
  'maxmemory-policy': 'noeviction',
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
}

it('settings are of the life that was before they were asked for: what is set meanwhile shows as another one', async () => {
  let asked = 0
  await using server = await serverThat((command) => {
    const [, name = ''] = /GET\r\n\$\d+\r\n(.*)\r/.exec(command) ?? []
    if (name !== '') asked++
    const info = `run_id:run\r\naof_enabled:1\r\ncmdstat_config|set:calls=${asked}\r\n`
    return name === '' ? `$${info.length}\r\n${info}\r\n` : list([name, RIGHT[name] ?? ''])
  })
  const wanted = { site: parseSite([`redis://127.0.0.1:${server.port}`]), level: 'strict' } as const
  const look = await lookAtPrimary(wanted, { host: '127.0.0.1', port: server.port }, undefined)
  assert.ok(look.kind === 'right')
  assert.equal(look.life?.counts, 'calls=0 ')
})

describe('A server that says no to who asks for its settings', () => {
  for (const [said, kind, code] of [
    ['ERR max number of clients reached', 'silent', 'store-unavailable'],
    ['BUSY Redis is busy running a script.', 'silent', 'store-unavailable'],
    ['LOADING Redis is loading the dataset in memory', 'silent', 'store-unavailable'],
    ["NOPERM this user has no permissions to run the 'config|get' command", 'wrong', 'invalid-config'],
    ["ERR unknown command 'CONFIG', with args beginning with: 'GET' ", 'wrong', 'invalid-config'],
  ] as const)
    it(`is ${kind === 'wrong' ? 'set up wrong' : 'asked again'} where that is ${said.slice(0, 20)}`, async () => {
      await using server = await serverThat(() => `-${said}\r\n`)
      const wanted = { site: parseSite([`redis://127.0.0.1:${server.port}`]), level: 'strict' } as const
      const look = await lookAtPrimary(wanted, { host: '127.0.0.1', port: server.port }, undefined)
      assert.ok('reason' in look)
      assert.deepEqual([look.kind, look.reason.code], [kind, code])
      assert.match(look.reason.message, new RegExp(`127.0.0.1:${server.port}`))
    })
})
