import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCidr } from '../../src/address/cidr.ts'
import { WeftError } from '../../src/errors.ts'
import { PrivateKey } from '../../src/keys/wireguard.ts'
import { desiredDevice } from '../../src/wireguard/blueprint.ts'
import { type Command, commandsFor } from '../../src/wireguard/commands.ts'
import type { Step } from '../../src/wireguard/device.ts'
import { diff } from '../../src/wireguard/diff.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import { demoPlan, interfaceNamed, keyPair, peer, publicKey } from './fixture.ts'

const name = interfaceNamed('wfxa')
const { privateKey } = keyPair(1)
const members = (count: number) => Array.from({ length: count }, (_, index) => peer(index + 2))
const stepOf = (number: number): Step => {
  const { publicKey, allowedIps } = peer(number)
  return { kind: 'set-peer', peer: { publicKey, allowedIps } }
}

/** What has to be done to a new interface for a network with so many other members. */
function newcomerSteps(count: number): readonly Step[] {
  const desired = desiredDevice(demoPlan(1, members(count)), { ...keyPair(1), listenPort: 51_820 })
  const fresh = { publicKey: undefined, listenPort: 0, mtu: 1500, alias: '', up: false, peers: new Map() }
  return diff({ ...fresh, addresses: [], routes: new Map() }, desired, { now: 0 })
}

test('a new interface takes three runs, in the order of the steps', () => {
  const commands = commandsFor(name, newcomerSteps(1))
  const [{ file } = {}] = commands.filter((command) => command.program === 'wg')
  assert.ok(file instanceof PrivateKey)
  assert.deepEqual(file.expose(), privateKey.expose())
  assert.deepEqual(commands, [
    {
      program: 'wg',
      args: ['set', 'wfxa', 'private-key', '/dev/stdin', 'listen-port', '51820'],
      file: privateKey,
    },
    {
      program: 'ip',
      args: ['-batch', '-'],
      input: [
        'link set dev wfxa mtu 1420',
        'link set dev wfxa alias "weft demo"',
        'address add 10.0.1.1/32 dev wfxa',
        'address add fd12:3456:789a:1::1/128 dev wfxa',
        'link set dev wfxa up',
        'route add 10.0.0.0/8 dev wfxa proto static',
        'route add fd12:3456:789a::/48 dev wfxa proto static',
        '',
      ].join('\n'),
    },
    {
      program: 'wg',
      args: ['set', 'wfxa', 'peer', publicKey(2), 'allowed-ips', '10.0.2.0/24,fd12:3456:789a:2::/64'],
      file: undefined,
    },
  ])
})

test('all that can differ of a peer is said in one run, and nothing else', () => {
  const change = {
    publicKey: publicKey(2),
    endpoint: parseEndpoint('[2001:db8::1]:51820'),
    allowedIps: [],
    keepalive: 0,
    removePresharedKey: true,
  } as const
  const [command] = commandsFor(name, [{ kind: 'set-peer', peer: change }])
  assert.deepEqual(command?.args.slice(2), [
    ...['peer', publicKey(2), 'preshared-key', '/dev/null', 'endpoint', '[2001:db8::1]:51820'],
    ...['persistent-keepalive', '0', 'allowed-ips', ''],
  ])
  const [endpointOnly] = commandsFor(name, [
    { kind: 'set-peer', peer: { publicKey: publicKey(2), endpoint: change.endpoint } },
  ])
  assert.deepEqual(endpointOnly?.args.slice(2), ['peer', publicKey(2), 'endpoint', '[2001:db8::1]:51820'])
})

test('a route says its MTU where it has one, and takes the place of what was there when told so', () => {
  const route = parseCidr('fd12:3456:789a:2::/64')
  const steps = [
    { kind: 'add-route', route, mtu: 1280, replaces: false },
    { kind: 'add-route', route, mtu: 1328, replaces: true },
    { kind: 'add-route', route, mtu: undefined, replaces: true },
  ] as const
  const [{ input } = {}] = commandsFor(name, steps).filter((command) => command.program === 'ip')
  assert.deepEqual(input?.trimEnd().split('\n'), [
    `route add ${route} dev wfxa mtu 1280 proto static`,
    `route replace ${route} dev wfxa mtu 1328 proto static`,
    `route replace ${route} dev wfxa proto static`,
  ])
})

test('a new peer without allowed IPs is said without a list, and one that has to lose its own with an empty one', () => {
  const witness = peer(2, { allowedIps: [], keepalive: 25, endpoint: parseEndpoint('192.0.2.1:51820') })
  const { routes, ...rest } = desiredDevice(demoPlan(1, [witness]), { ...keyPair(1), listenPort: 51_820 })
  const fresh = { ...rest, routes, up: true, peers: new Map() }
  const [added] = commandsFor(name, diff(fresh, { ...rest, routes }, { now: 0 }))
  assert.deepEqual(added?.args, [
    ...['set', 'wfxa', 'peer', publicKey(2), 'endpoint', '192.0.2.1:51820', 'persistent-keepalive', '25'],
  ])
  const [emptied] = commandsFor(name, [
    { kind: 'set-peer', peer: { publicKey: publicKey(2), allowedIps: [] } },
  ])
  assert.deepEqual(emptied?.args, ['set', 'wfxa', 'peer', publicKey(2), 'allowed-ips', ''])
})

test('no steps are no runs, one changed peer is one', () => {
  assert.deepEqual(commandsFor(name, []), [])
  assert.equal(commandsFor(name, [stepOf(2)]).length, 1)
  assert.equal(commandsFor(name, [stepOf(2), { kind: 'remove-peer', publicKey: publicKey(3) }]).length, 1)
})

test('5,000 peers go through a few files, each peer once and in order', () => {
  const commands = commandsFor(name, newcomerSteps(5_000)).slice(2)
  assert.ok(commands.length >= 2 && commands.length <= 5, `${commands.length} runs`)
  for (const { args } of commands) assert.deepEqual(args, ['addconf', 'wfxa', '/dev/stdin'])
  assert.deepEqual(
    commands.flatMap(keysInFile),
    members(5_000).map((member) => member.publicKey),
  )
})

test('of many peers, those that keep their allowed IPs come before the files, so that they share runs', () => {
  const allowedIps = [parseCidr('10.0.0.0/24')]
  const steps = Array.from({ length: 600 }, (_, at): Step => {
    const peer = { publicKey: publicKey(at + 2), keepalive: 25 }
    if (at % 3 === 0) return { kind: 'set-peer', peer }
    const gone = at % 3 === 1 ? ({ removePresharedKey: true } as const) : {}
    return { kind: 'set-peer', peer: { ...peer, allowedIps, ...gone } }
  })
  const commands = commandsFor(name, steps)
  assert.deepEqual(
    commands.map(({ args }) => args[0]),
    ['set', 'addconf'],
  )
  assert.equal(commands[0]?.args.filter((word) => word === 'preshared-key').length, 200)
  assert.equal(commands[0]?.args.includes('allowed-ips'), false)
  assert.equal(commands.flatMap(keysInFile).length, 400)
  const emptied = { kind: 'set-peer', peer: { publicKey: publicKey(1), allowedIps: [] } } as const
  assert.equal(commandsFor(name, [...steps, emptied])[0]?.args.at(-1), '', 'a file has no empty list')
})

test('a list of allowed IPs too long for an argument goes through a file', () => {
  const allowedIps = Array.from({ length: 8_000 }, (_, index) =>
    parseCidr(`10.${index >> 8}.${index & 255}.0/24`),
  )
  const endpoint = parseEndpoint('192.0.2.1:51820')
  const [long, after] = commandsFor(name, [
    { kind: 'set-peer', peer: { publicKey: publicKey(2), allowedIps, keepalive: 25, endpoint } },
    stepOf(3),
  ])
  assert.deepEqual(long, {
    program: 'wg',
    args: ['addconf', 'wfxa', '/dev/stdin'],
    file: `[Peer]\nPublicKey = ${publicKey(2)}\nEndpoint = 192.0.2.1:51820\nPersistentKeepalive = 25\nAllowedIPs = ${allowedIps.join(',')}\n`,
  })
  assert.deepEqual(after?.args.slice(2, 4), ['peer', publicKey(3)])
})

test('text that a program could take for something else is refused, wherever it comes from', () => {
  const evil = [
    '-x',
    '--help',
    'a\nlink delete dev eth0',
    'a"',
    "a'",
    'a#',
    'a\\',
    '$(id)',
    'a;b',
    ' a',
    '',
    '\u00e4',
  ]
  for (const text of evil) {
    // What the types keep away: as if a cast somewhere let it through.
    const steps = [
      { kind: 'set-alias', alias: text },
      { kind: 'add-address', address: text },
      { kind: 'remove-address', address: text },
      { kind: 'add-route', route: text, mtu: undefined, replaces: false },
      { kind: 'remove-route', route: text },
      { kind: 'remove-peer', publicKey: text },
      { kind: 'set-peer', peer: { publicKey: text } },
      { kind: 'set-peer', peer: { publicKey: publicKey(2), endpoint: text } },
      { kind: 'set-peer', peer: { publicKey: publicKey(2), allowedIps: [text] } },
    ]
    for (const step of steps) {
      assert.throws(
        () => commandsFor(name, [step as unknown as Step]),
        (error) => error instanceof WeftError && error.code === 'invalid-input',
        JSON.stringify(step),
      )
    }
  }
})

function keysInFile(command: Command): string[] {
  if (command.program !== 'wg' || typeof command.file !== 'string') return []
  return [...command.file.matchAll(/^PublicKey = (.*)$/gm)].map(([, key = '']) => key)
}
