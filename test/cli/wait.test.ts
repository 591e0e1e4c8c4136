import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { RawAgent } from '../rawagent.ts'
import { ControllerProcess } from './fixture.ts'

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
    const { code, stdout, stderr } = await controller.weft('network', 'wait', 'demo', '--timeout', '1')
    assert.equal(code, 3)
    assert.match(stdout, /^silent +delivered +0 +Its agent was sent the latest/m)
    assert.match(stderr, /demo has not converged within 1 s/)
    const asked = await controller.weft('network', 'wait', 'demo', '--timeout', '0', '--json')
    const { converged, members, items } = JSON.parse(asked.stdout)
    assert.deepEqual([converged, members.total, items[0].state], [false, 1, 'delivered'])
  })

  it('answers for a network that is not there as every command does', async () => {
    const { code } = await controller.weft('network', 'wait', 'nowhere')
    assert.equal(code, 5)
  })
})
