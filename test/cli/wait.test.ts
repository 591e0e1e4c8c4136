import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { RawAgent } from '../rawagent.ts'
import { eventually } from '../rig.ts'
import { ControllerProcess, weft } from './fixture.ts'

describe('weft network wait', () => {
  let controller: ControllerProcess
  before(async () => {
    controller = await ControllerProcess.start()
  })
  after(() => controller[Symbol.asyncDispose]())

  it('ends at once when nobody has to be waited for', async () => {
    await controller.weft('network', 'create', 'empty')
    const { code, stdout } = await controller.weft('network', 'wait', 'empty')
    assert.equal(code, 0)
    assert.match(stdout, /^revision 1 \(epoch 1\): applied by 0 of 0 connected members$/m)
  })

  it('names who lags, and why, when it does not come about in time', async () => {
    await controller.weft('network', 'create', 'demo')
    const { stdout: made } = await controller.weft('token', 'create', '--network', 'demo', '--json')
    using _ = await RawAgent.join(JSON.parse(made).token, { name: 'silent' })
    const { code, stdout, stderr } = await controller.weft('network', 'wait', 'demo', '--timeout', '2')
    assert.equal(code, 3)
    assert.match(stdout, /^silent +delivered +0 +Its agent was sent the latest/m)
    assert.match(stderr, /demo has not converged within 2 s/)
    const asked = await controller.weft('network', 'wait', 'demo', '--timeout', '0', '--json')
    const { converged, members, items } = JSON.parse(asked.stdout)
    assert.deepEqual([converged, members.total, items[0].state], [false, 1, 'delivered'])
  })

  it('ends when the last that lagged has applied it, and not before', async () => {
    await controller.weft('network', 'create', 'slow')
    const { stdout: made } = await controller.weft('token', 'create', '--network', 'slow', '--json')
    using agent = await RawAgent.join(JSON.parse(made).token, { name: 'late' })
    const [snapshot] = await eventually('it is told', () => {
      const told = agent.framesOf('snapshot')
      return told.length > 0 && told
    })
    assert.ok(snapshot)
    let isOver = false
    const waiting = controller.weft('network', 'wait', 'slow', '--timeout', '60').finally(() => {
      isOver = true
    })
    // Longer than the command takes to ask for the first time: what follows is really waited for.
    const asked = () => controller.weft('network', 'wait', 'slow', '--timeout', '0')
    assert.equal((await asked()).code, 3)
    assert.equal((await asked()).code, 3)
    assert.equal(isOver, false)
    const { network, epoch, revision, digest } = agent.headOf(snapshot)
    agent.send({ type: 'applied', network, epoch, revision, digest, took: 1 })
    const { code, stdout } = await waiting
    assert.equal(code, 0)
    assert.match(stdout, /: applied by 1 of 1 connected members$/m)
  })

  it('ends in time where a server takes the connection and says nothing', async () => {
    const path = join(controller.dataDir, 'silent.sock')
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(path)
    await once(silent, 'listening')
    const { WEFT_URL: url = '' } = controller.env
    const start = performance.now()
    const env = { ...controller.env, WEFT_URL: url.replace('weft.sock', 'silent.sock') }
    const { code, stderr } = await weft(['network', 'wait', 'empty', '--timeout', '1'], { env })
    assert.equal(code, 3)
    assert.match(stderr, /No controller has answered within that time/)
    assert.ok(performance.now() - start < 8_000, 'a connection alone is waited for 10 s')
    silent.close()
  })

  it('goes on when the controller starts again meanwhile', async () => {
    await using first = await ControllerProcess.start()
    await first.weft('network', 'create', 'lasting')
    await first.stop()
    const waiting = weft(['network', 'wait', 'lasting', '--timeout', '30'], { env: first.env })
    await using second = await ControllerProcess.start(first.dataDir)
    const { code, stdout } = await waiting
    assert.equal(second.child.exitCode, null)
    assert.equal(code, 0)
    assert.match(stdout, /applied by 0 of 0 connected members/)
    const start = performance.now()
    await second.stop()
    const { code: never } = await weft(['network', 'wait', 'lasting', '--timeout', '2'], { env: first.env })
    assert.equal(never, 3)
    assert.ok(performance.now() - start > 2_000, 'it tries for as long as it may')
  })

  it('is not content with a controller that has just started and to which nobody has come back', async () => {
    await using first = await ControllerProcess.start()
    await first.weft('network', 'create', 'lasting')
    const { stdout: made } = await first.weft('token', 'create', '--network', 'lasting', '--json')
    using _ = await RawAgent.join(JSON.parse(made).token, { name: 'silent' })
    const waiting = weft(['network', 'wait', 'lasting', '--timeout', '12'], { env: first.env })
    const ask = () => weft(['network', 'wait', 'lasting', '--timeout', '0'], { env: first.env })
    // Longer than the command takes to ask for the first time.
    for (let time = 0; time < 2; time++) assert.equal((await ask()).code, 3)
    await first.stop()
    await using second = await ControllerProcess.start(first.dataDir)
    assert.equal(second.child.exitCode, null)
    assert.equal((await ask()).code, 0)
    const { code, stdout } = await waiting
    assert.deepEqual([code, /applied by 0 of 0 connected members; 1 not connected/.test(stdout)], [3, true])
  })

  it('answers for a network that is not there as every command does', async () => {
    const { code } = await controller.weft('network', 'wait', 'nowhere')
    assert.equal(code, 5)
  })
})
