import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkClock } from '../../src/cli/doctor/controller.ts'
import { checkRights } from '../../src/cli/doctor/machine.ts'
import { checkTunnels } from '../../src/cli/doctor/tunnels.ts'
import { WeftError } from '../../src/errors.ts'
import { Identity } from '../../src/keys/identity.ts'
import type { Fingerprint } from '../../src/keys/pinned.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import { signRemoval } from '../../src/protocol/content.ts'
import { encodeFrame } from '../../src/protocol/frames.ts'
import { controllerKey, network } from '../protocol/samples.ts'
import { RawAgent } from '../rawagent.ts'
import { eventually } from '../rig.ts'
import { ControllerProcess, weft } from './fixture.ts'

describe('weft doctor of two members', () => {
  let controller: ControllerProcess
  let demo: string
  const agents: RawAgent[] = []
  before(async () => {
    controller = await ControllerProcess.start()
    demo = JSON.parse((await controller.weft('network', 'create', 'demo', '--json')).stdout).id
    for (const [name, address] of [
      ['web-1', '203.0.113.1/24'],
      ['db-1', '203.0.113.2/24'],
    ] as const) {
      const { token } = JSON.parse(
        (await controller.weft('token', 'create', '--network', 'demo', '--json')).stdout,
      )
      const ports = [{ network: demo, port: 51_820 }]
      agents.push(await RawAgent.join(token, { name, facts: { ports, addresses: [address] } }))
    }
  })
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]()
    await controller[Symbol.asyncDispose]()
  })

  const states = async () => {
    const { code, stdout } = await controller.weft('doctor', 'demo', 'web-1', 'db-1', '--json')
    const { findings } = JSON.parse(stdout)
    return {
      code,
      of: (check: string) => findings.find((one: { check: string }) => one.check === check)?.state,
    }
  }

  it('says what is not there yet, with what to do, and ends with code 1', async () => {
    const { code, stdout, stderr } = await controller.weft('doctor', 'demo', 'web-1', 'db-1')
    assert.equal(code, 1)
    assert.match(stdout, /^ok +agent of web-1 +It is connected\.$/m)
    assert.match(stdout, /^fail +plan of db-1 +Revision 0 is applied, \d is wanted\.$/m)
    assert.match(stdout, /^fail +handshake +There was none\.$/m)
    assert.match(stdout, /^What to do:\n(.*\n)* {2}handshake: /m)
    assert.match(stderr, /^error: 3 of 13 checks failed\.$/m)
  })

  it('finds nothing when plans are applied and packets go both ways, and a one-way path when they do not', async () => {
    const [web, db] = agents
    const { epoch, revision } = JSON.parse((await controller.weft('graph', 'demo', '--json')).stdout)
    const digest = 'a'.repeat(22)
    for (const agent of agents)
      agent.send({ type: 'applied', network: demo, epoch, revision, digest, took: 1 })
    const peer = {
      node: db?.node ?? '',
      endpoint: '203.0.113.2:51820',
      handshakeAge: 2,
      rxBytes: 0,
      txBytes: 2,
    }
    web?.send({ type: 'report', network: demo, peers: [peer], drift: [] })
    await eventually('it goes one way', async () => (await states()).of('traffic') === 'fail', 20_000)
    web?.send({ type: 'report', network: demo, peers: [{ ...peer, rxBytes: 1 }], drift: [] })
    const well = await eventually(
      'all is well',
      async () => {
        const found = await states()
        return found.code === 0 && found
      },
      20_000,
    )
    assert.deepEqual(
      ['plan of web-1', 'plan of db-1', 'path', 'handshake', 'traffic', 'MTU', 'relay'].map(well.of),
      ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'skip'],
    )
  })

  it('needs two members, or none', async () => {
    const { code, stderr } = await controller.weft('doctor', 'demo', 'web-1')
    assert.deepEqual([code, /Name two members/.test(stderr)], [2, true])
  })
})

describe('weft doctor of this machine', () => {
  it('says so when no agent has run here, and makes nothing', async () => {
    const { stdout } = await weft(['doctor', '--state-dir', '/nonexistent/weft'])
    assert.match(stdout, /^skip +identity +\/nonexistent\/weft holds none/m)
  })

  it('tells of a network that is left and whose interface could not be taken away', async () => {
    const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))
    const removal = { network, node: identity.id, epoch: 1, revision: 3 }
    const line = encodeFrame({ type: 'removed', ...signRemoval(removal, controllerKey) })
    const enrolment = { urls: [], fingerprint: '' as Fingerprint, controllerKey: controllerKey.publicKey }
    const journals = new Map([[network, [line]]])
    const findings = await checkTunnels({ identity, enrolment, journals }, identity, enrolment)
    assert.deepEqual(
      findings.map(({ state, found }) => [state, /is left/.test(found)]),
      [['warn', true]],
    )
  })

  it('tells of a network whose plan cannot be read', async () => {
    const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))
    const enrolment = { urls: [], fingerprint: '' as Fingerprint, controllerKey: controllerKey.publicKey }
    const journals = new Map([
      [network, new WeftError('internal', 'A journal cannot be read: EIO: i/o error.')],
    ])
    const findings = await checkTunnels({ identity, enrolment, journals }, identity, enrolment)
    assert.deepEqual(
      findings.map(({ state, found }) => [state, found]),
      [['fail', 'A journal cannot be read: EIO: i/o error.']],
    )
  })

  it('knows CAP_NET_ADMIN among the capabilities', () => {
    assert.equal(checkRights('Name:\tx\nCapEff:\t0000000000001000\n').state, 'ok')
    assert.equal(checkRights('Name:\tx\nCapEff:\t000001ffffffefff\n').state, 'fail')
  })

  it('says which way a clock is off', () => {
    assert.equal(checkClock(1_000_000, 1_029_000).state, 'ok')
    assert.match(checkClock(1_000_000, 1_061_000).found, /^It is 61 s ahead/)
    assert.match(checkClock(1_061_000, 1_000_000).found, /^It is 61 s behind/)
  })
})
