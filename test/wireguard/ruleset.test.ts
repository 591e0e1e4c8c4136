import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, parseAddress } from '../../src/address/cidr.ts'
import { WeftError } from '../../src/errors.ts'
import type { InterfaceName } from '../../src/wireguard/device.ts'
import { type Gate, ruleset, tableOf } from '../../src/wireguard/ruleset.ts'
import { interfaceNamed } from './fixture.ts'

const own = parseAddress('fd12:3456:789a:1::1')
const relay: Gate = {
  interface: interfaceNamed('wfxa'),
  forward: true,
  input: { addresses: [own], udpPorts: [51_819] },
  guard: false,
}

/** The rules of one chain. */
function chainOf(gate: Gate, hook: 'forward' | 'input'): readonly string[] {
  const [, body = ''] = new RegExp(`chain ${hook} \\{([^]*?)\\n  \\}`).exec(ruleset(gate)) ?? []
  const [type, ...rules] = body
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  assert.equal(type, `type filter hook ${hook} priority filter; policy accept;`)
  return rules
}

test('a ruleset takes the place of the table of its interface, whether there is one or not', () => {
  const lines = ruleset(relay).split('\n')
  const table = tableOf(relay.interface)
  assert.equal(table, 'inet weft_wfxa')
  assert.deepEqual(lines.slice(0, 3), [`table ${table}`, `delete table ${table}`, `table ${table} {`])
})

test('a relay lets peers through to peers, and nothing else from or to its interface', () => {
  const others = ['iifname "wfxa" drop', 'oifname "wfxa" drop']
  assert.deepEqual(chainOf(relay, 'forward'), ['iifname "wfxa" oifname "wfxa" accept', ...others])
  assert.deepEqual(chainOf({ ...relay, forward: false }, 'forward'), others)
})

test('a guard drops other forwarded IPv6, but leaves interfaces of ours to their own gates', () => {
  assert.deepEqual(chainOf({ ...relay, guard: true }, 'forward').slice(3), [
    'meta nfproto ipv6 iifname != "wf*" drop',
    'meta nfproto ipv6 oifname != "wf*" drop',
  ])
})

test('this machine is reached by nothing but UDP to the named ports, and errors', () => {
  const errors = 'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }'
  assert.deepEqual(chainOf(relay, 'input'), [
    'iifname != "wfxa" accept',
    `ip6 daddr { ${own} } udp dport { 51819 } accept`,
    `ip6 daddr { ${own} } frag frag-off != 0 accept`,
    `ip6 daddr { ${own} } ${errors} accept`,
    'drop',
  ])
  const shut = { addresses: [own], udpPorts: [] }
  assert.deepEqual(chainOf({ ...relay, input: shut }, 'input'), ['iifname != "wfxa" accept', 'drop'])
  assert.deepEqual(chainOf({ ...relay, input: 'open' }, 'input'), [])
})

test('own addresses of both families have their own rules', () => {
  const addresses = [own, parseAddress('10.1.1.1'), parseAddress('10.1.1.2')]
  const rules = chainOf({ ...relay, input: { addresses, udpPorts: [1, 2] } }, 'input')
  assert.ok(rules.includes('ip daddr { 10.1.1.1, 10.1.1.2 } udp dport { 1, 2 } accept'))
  assert.ok(rules.includes(`ip6 daddr { ${own} } udp dport { 1, 2 } accept`))
})

test('text that nft could take for more than a value is refused, wherever it comes from', () => {
  // What the types keep away: as if a cast somewhere let it through.
  const evil = ['wf"', 'wf; drop', '-f', 'wf\n', 'wf*', '', '::1 } accept #', '0', 'ff; }']
  for (const text of evil) {
    const gates: Gate[] = [
      { ...relay, interface: text as string as InterfaceName },
      { ...relay, input: { addresses: [`${text} ` as string as Address], udpPorts: [1] } },
    ]
    for (const gate of gates) {
      assert.throws(
        () => ruleset(gate),
        (error) => error instanceof WeftError && error.code === 'invalid-input',
        text,
      )
    }
  }
  for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
    assert.throws(() => ruleset({ ...relay, input: { addresses: [own], udpPorts: [port] } }), WeftError)
  }
})
