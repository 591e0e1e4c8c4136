import type { Node as NodeState } from '../../model/state.ts'
import type { Node } from '../schemas/node.ts'
import { instantText } from './instant.ts'

interface NodeStatus {
  readonly online: boolean
  /** Milliseconds since 1970. */
  readonly lastSeenAt: number | undefined
}

/** A node as REST shows it. */
export function nodeView(
  { id, name, roles, labels, enrolledAt }: NodeState,
  { online, lastSeenAt }: NodeStatus,
): Node {
  return {
    id,
    name,
    online,
    roles: [...roles],
    labels,
    enrolledAt: instantText(enrolledAt),
    lastSeenAt: lastSeenAt === undefined ? null : instantText(lastSeenAt),
  }
}
