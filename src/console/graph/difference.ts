import type { Graph, LinkChanges } from '../../client/operations.ts'
import type { Drawing, DrawnEdge } from './drawing.ts'
import { keyOf } from './model.ts'
import type { GraphLink, GraphNode } from './view.ts'

/** What became of a network between two revisions. */
export interface Difference {
  readonly nodes: {
    readonly added: readonly GraphNode[]
    readonly removed: readonly GraphNode[]
    readonly changed: readonly GraphNode[]
  }
  readonly links: {
    readonly added: readonly GraphLink[]
    readonly removed: readonly GraphLink[]
    readonly same: number
  }
}

export function differenceOf(before: Graph, after: Graph): Difference {
  const was = new Map(before.nodes.map((node) => [node.id, node]))
  const is = new Map(after.nodes.map((node) => [node.id, node]))
  const wasLinked = new Map(before.links.map((link) => [keyOf(link), link]))
  const isLinked = new Map(after.links.map((link) => [keyOf(link), link]))
  return {
    nodes: {
      added: after.nodes.filter(({ id }) => !was.has(id)),
      removed: before.nodes.filter(({ id }) => !is.has(id)),
      changed: after.nodes.filter((node) => {
        const earlier = was.get(node.id)
        return earlier !== undefined && earlier.roles.join() !== node.roles.join()
      }),
    },
    links: {
      added: after.links.filter((link) => !wasLinked.has(keyOf(link))),
      removed: before.links.filter((link) => !isLinked.has(keyOf(link))),
      same: after.links.filter((link) => wasLinked.has(keyOf(link))).length,
    },
  }
}

/** Both revisions on one picture: what came, what went, and, pale, what stayed. */
export function drawDifference(before: Graph, after: Graph, selected: readonly string[]): Drawing {
  const { nodes, links } = differenceOf(before, after)
  const toneOf = (id: string) => {
    if (nodes.added.some((node) => node.id === id)) return 'added' as const
    if (nodes.removed.some((node) => node.id === id)) return 'removed' as const
    return 'same' as const
  }
  const removed = new Set(links.removed.map(keyOf))
  const added = new Set(links.added.map(keyOf))
  return {
    nodes: [...after.nodes, ...nodes.removed].map((node) => ({
      key: node.id,
      label: node.name,
      kind: 'member',
      shape: node.roles.includes('relay') ? 'diamond' : node.roles.includes('hub') ? 'square' : 'circle',
      tone: toneOf(node.id),
      size: node.roles.length > 0 ? 8 : 6,
      faded: false,
      selected: selected.includes(node.id),
      group: node.labels.site ?? '',
    })),
    edges: [...after.links, ...links.removed].map((link) => {
      const key = keyOf(link)
      const tone = removed.has(key)
        ? ('removed' as const)
        : added.has(key)
          ? ('added' as const)
          : ('same' as const)
      return {
        key,
        source: link.a,
        target: link.b,
        tone,
        dashed: tone === 'removed',
        width: tone === 'same' ? 1.5 : 2.4,
        faded: false,
      }
    }),
  }
}

/** A drawing with what a change would do to it: links that would go and links that would come; the rest is pale. */
export function drawPreview(drawing: Drawing, { appear, disappear }: LinkChanges): Drawing {
  const gone = new Set(disappear.links.map(keyOf))
  const shown = new Set(drawing.nodes.map(({ key }) => key))
  const have = new Set(drawing.edges.map(({ key }) => key))
  const coming = appear.links.filter(
    (link) => shown.has(link.a) && shown.has(link.b) && !have.has(keyOf(link)),
  )
  return {
    nodes: drawing.nodes,
    edges: [
      ...drawing.edges.map((edge): DrawnEdge => {
        if (!gone.has(edge.key)) return { ...edge, tone: 'same', dashed: false, width: 1.2 }
        return { ...edge, tone: 'removed', dashed: true, width: 2.4, faded: false }
      }),
      ...coming.map(
        (link): DrawnEdge => ({
          key: keyOf(link),
          source: link.a,
          target: link.b,
          tone: 'added',
          dashed: false,
          width: 2.4,
          faded: false,
        }),
      ),
    ],
  }
}
