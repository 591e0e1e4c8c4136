import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Cidr, parseCidr } from '../../src/address/cidr.ts'
import {
  filterChange,
  filterRuleset,
  type PacketFilter,
  type Source,
} from '../../src/wireguard/filter-ruleset.ts'
import { interfaceNamed } from './fixture.ts'

const name = interfaceNamed('wfpolicy')
const [a4, a6, b4] = ['10.1.1.0/24', 'fd00:0:1:1::/64', '10.1.2.0/24'].map((text) => parseCidr(text))
const ssh: Source['allow'] = [{ protocol: 'tcp', ports: [{ first: 22, last: 22 }] }]

function filter(sources: readonly Source[], flows: PacketFilter['flows'] = []): PacketFilter {
  return { interface: name, sources, flows }
}

function source(allow: Source['allow'], ...ranges: (Cidr | undefined)[]): Source {
  return { allow, ranges: ranges.filter((range) => range !== undefined) }
}

describe('A packet filter', () => {
  it('is put in place of the one before in one transaction, in a table of its own', () => {
    const text = filterRuleset(filter([source(ssh, a4, a6)]))
    const table = 'inet weft_wfpolicy_policy'
    assert.ok(text.startsWith(`table ${table}\ndelete table ${table}\ntable ${table} {`))
    assert.match(text, /elements = \{ 10\.1\.1\.0\/24 \}/)
    assert.match(text, /elements = \{ fd00:0:1:1::\/64 \}/)
    assert.match(text, /tcp dport \{ 22 \} accept/)
    assert.match(text, /iifname "wfpolicy" oifname != "wfpolicy" jump judge/)
  })

  it('drops whoever is not listed, after flows that are known, and answers a knock', () => {
    const judge = filterRuleset(filter([])).split('chain judge {')[1]?.split('}')[0]
    const rules = ['ct state established,related accept', 'udp dport 9 reject', 'drop']
    assert.equal(judge?.trim().replaceAll(/\s+/g, ' '), rules.join(' '))
  })

  it('changes addresses by their difference, those that go first', () => {
    const before = filter([source(ssh, a4, a6), source('everything', b4)])
    const after = filter([source(ssh, a6), source('everything', b4, a4)])
    assert.deepEqual(filterChange(before, after)?.split('\n'), [
      'delete element inet weft_wfpolicy_policy four_0 { 10.1.1.0/24 }',
      'add element inet weft_wfpolicy_policy four_1 { 10.1.1.0/24 }',
    ])
  })

  it('has nothing to change when it is as it was, and is replaced when more than addresses changes', () => {
    const before = filter([source(ssh, a4)])
    assert.equal(filterChange(before, filter([source(ssh, a4)])), '')
    assert.equal(filterChange(before, filter([source('everything', a4)])), undefined)
    assert.equal(filterChange(before, filter([source(ssh, a4), source('everything', b4)])), undefined)
  })

  it('takes no text that nft could read as more than an address or a port', () => {
    const bad = '10.1.1.0/24 }; flush ruleset' as Cidr
    assert.throws(() => filterRuleset(filter([source(ssh, bad)])), { code: 'invalid-input' })
    const port = [{ protocol: 'tcp' as const, ports: [{ first: 22, last: Number.NaN }] }]
    assert.throws(() => filterRuleset(filter([source(port, a4)])), { code: 'invalid-input' })
    const host = '10.1.1.0 }; flush ruleset/32' as Cidr
    const flow = { from: host, remotePort: 1, localPort: 2 }
    assert.throws(() => filterRuleset(filter([], [flow])), { code: 'invalid-input' })
  })
})
