import type { NetworkId } from '../../../src/model/names.ts'
import type { ResumePosition } from '../../../src/protocol/frames.ts'
import { HintSet } from '../../../src/protocol/hints.ts'
import { findNetwork } from '../../lookup.ts'
import type { RawAgent } from '../../rawagent.ts'
import type { Rig } from '../../rig.ts'

/** What an agent has from the frames that it was sent. */
export function positionOf(rig: Rig, agent: RawAgent, network: NetworkId): ResumePosition {
  const view = agent.view(network)
  const hints = new HintSet()
  for (const { node } of view.records()) {
    const hint = agent.hint(network, node)
    if (hint) hints.put(hint)
  }
  const { epoch } = rig.controller.state
  const { revision } = findNetwork(rig.controller.state, network)
  return { network, epoch, revision, digest: view.digest(), hints: hints.digest() }
}
