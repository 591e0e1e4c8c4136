import type { Logger } from 'pino'
import type { NodeId } from '../../keys/identity.ts'
import { Asking, type AskingTools } from './asking.ts'
import type { Bounds } from './bounds.ts'
import { Remarks } from './remarks.ts'

export interface HearingTools extends AskingTools {
  readonly log: Pick<Logger, 'error' | 'warn'>
  readonly bounds: Bounds
}

/** How often one agent is heard: whatever it says that costs others something has its turn. */
export class Hearing {
  /** What it asks for. */
  readonly asking: Asking
  /** What it tells of itself. */
  readonly telling: Asking
  /** What it shows that our key signed: one is answered like a request, and is none of the subjects of those. */
  readonly showing: Asking
  /** Keys that it offers. */
  readonly offering: Asking
  /** What is written of it into our log. */
  readonly remarks: Remarks

  constructor(node: NodeId, tools: HearingTools) {
    const { requests, facts, keys, remarks } = tools.bounds
    this.asking = new Asking(node, requests, tools)
    this.telling = new Asking(node, facts, tools)
    this.showing = new Asking(node, requests, tools)
    this.offering = new Asking(node, keys, tools)
    this.remarks = new Remarks(node, remarks)
  }

  /** Nothing is owed to it any more. */
  end(): void {
    for (const each of [this.asking, this.telling, this.showing, this.offering]) each.end()
  }
}
