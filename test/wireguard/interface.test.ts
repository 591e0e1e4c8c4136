import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WeftError } from '../../src/errors.ts'
import { parseInterface, parseLinks } from '../../src/wireguard/interface.ts'

const link = {
  ifindex: 2,
  ifname: 'wfxa',
  flags: ['POINTOPOINT', 'MULTICAST', 'NOARP', 'UP', 'LOWER_UP'],
  mtu: 1380,
  ifalias: 'weft "demo',
  linkinfo: { info_kind: 'tun', info_data: { type: 'tun' } },
  addr_info: [
    { family: 'inet', local: '10.1.1.1', prefixlen: 32, scope: 'global', label: 'wfxa' },
    { family: 'inet', local: '10.9.0.1', address: '10.9.0.2', prefixlen: 32, scope: 'global' },
    { family: 'inet', local: '10.8.0.1', prefixlen: 24, scope: 'global' },
    { family: 'inet6', local: 'fd00::1', prefixlen: 128, scope: 'global' },
    { family: 'inet6', local: 'fe80::ae29:59ad:d1d1:2958', prefixlen: 64, scope: 'link' },
  ],
}

const route = { type: 'unicast', table: 'main', protocol: 'static', flags: [] }
const routes = [
  { ...route, dst: '10.1.0.0/16', scope: 'link' },
  { ...route, dst: '10.1.0.0/16', scope: 'link', metric: 50, metrics: [{ mtu: 1300 }] },
  { ...route, dst: '10.7.7.7', protocol: 'boot' },
  { ...route, dst: 'default' },
  { ...route, dst: '10.8.0.0/24', protocol: 'kernel', prefsrc: '10.8.0.1' },
  { ...route, type: 'local', dst: '10.1.1.1', table: 'local', protocol: 'kernel' },
  { ...route, type: 'broadcast', dst: '10.8.0.255', table: 'local', protocol: 'kernel' },
  { ...route, dst: 'fd00::/48', metric: 1024, pref: 'medium' },
  {
    ...route,
    dst: 'fd00:0:0:2::/64',
    metric: 1024,
    metrics: [{ advmss: 1200 }, { mtu: 1328 }],
    pref: 'medium',
  },
  { ...route, dst: 'fd00::77', metric: 1024, pref: 'medium' },
  { ...route, dst: 'default', metric: 1024, pref: 'medium' },
  { ...route, dst: 'fd00::1', protocol: 'kernel', pref: 'medium' },
  { ...route, dst: 'fe80::/64', protocol: 'kernel', pref: 'medium' },
  { ...route, type: 'multicast', dst: 'ff00::/8', table: 'local', protocol: 'kernel', pref: 'medium' },
  { ...route, dst: '10.99.0.0/16', table: '100' },
]

const print = (...lists: unknown[]) => lists.map((list) => `${JSON.stringify(list)}\n`).join('')

test('an interface is read with what was given to it, without what the kernel made itself', () => {
  assert.deepEqual(parseInterface(print([link], routes)), {
    mtu: 1380,
    alias: 'weft "demo',
    up: true,
    addresses: ['10.1.1.1/32', '10.9.0.1 peer 10.9.0.2/32', '10.8.0.1/24', 'fd00::1/128'],
    routes: new Map([
      ['10.1.0.0/16', undefined],
      ['10.7.7.7/32', undefined],
      ['0.0.0.0/0', undefined],
      ['fd00::/48', undefined],
      ['fd00:0:0:2::/64', 1328],
      ['fd00::77/128', undefined],
      ['::/0', undefined],
    ]),
  })
})

test('a new interface is down and has nothing', () => {
  const { ifalias, addr_info, ...bare } = link
  const facts = parseInterface(print([{ ...bare, flags: ['NOARP'] }], []))
  assert.deepEqual(facts, { mtu: 1380, alias: '', up: false, addresses: [], routes: new Map() })
})

test('empty objects, which some versions of ip print for other interfaces, are passed over', () => {
  assert.equal(parseInterface(print([{}, link], [{}])).mtu, 1380)
  assert.deepEqual([...parseLinks(print([{}, link]))], [['wfxa', 'tun']])
})

test('links are listed by name and kind; those of names we never make are left out', () => {
  const others = ['eth0', 'wg-0', 'wg0.1', 'WG'].map((ifname) => ({ ifname, mtu: 1500, flags: [] }))
  const list = parseLinks(
    print([...others, link, { ...link, ifname: 'wfxb', linkinfo: { info_kind: 'wireguard' } }]),
  )
  assert.deepEqual(
    [...list],
    [
      ['eth0', ''],
      ['wfxa', 'tun'],
      ['wfxb', 'wireguard'],
    ],
  )
})

test('anything that is not what ip prints is an error of the program', () => {
  const texts = [
    '',
    '[]',
    '[]\n[]',
    '{}',
    'null\n[]',
    print([link]),
    print([{ ...link, mtu: 'x' }], []),
    '[{]\n[]',
  ]
  for (const text of texts) {
    assert.throws(
      () => parseInterface(text),
      (error) => error instanceof WeftError && error.code === 'program-failed',
      text,
    )
  }
  assert.throws(() => parseLinks('Device does not exist.'), WeftError)
})
