import { type NodeId, parseNodeId } from '../keys/identity.ts'
import type { Labels } from './state.ts'

/** Which members are meant: all, those that have all of some labels, or one node. */
export type Selector =
  | { readonly kind: 'all' }
  /** Sorted by label; at least one. */
  | { readonly kind: 'labels'; readonly labels: readonly Term[] }
  | { readonly kind: 'node'; readonly node: NodeId }

/** A label and the value that it has to have. */
export type Term = readonly [label: string, value: string]

/** What a selector looks at. */
export interface Subject {
  readonly id: NodeId
  readonly labels: Labels
}

/**
 * `*`, `label=value`, `label=value,label2=value2` or the id of a node; `undefined` for anything else. Equality and `and`
 * only, so that an index of labels answers which selectors match. `or` is another rule.
 */
export function parseSelector(text: string): Selector | undefined {
  if (text === '*') return { kind: 'all' }
  const node = parseNodeId(text)
  if (node) return { kind: 'node', node }
  const terms = text.split(',').map(toTerm)
  const labels = terms.filter((term) => term !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const isClear = labels.every(([label], at) => label !== labels[at - 1]?.[0])
  return labels.length === terms.length && isClear ? { kind: 'labels', labels } : undefined
}

/** The one text of a selector: two that mean the same are equal. */
export function selectorText(selector: Selector): string {
  switch (selector.kind) {
    case 'all':
      return '*'
    case 'node':
      return selector.node
    case 'labels':
      return selector.labels.map(([label, value]) => `${label}=${value}`).join(',')
  }
}

export function matches(selector: Selector, { id, labels }: Subject): boolean {
  switch (selector.kind) {
    case 'all':
      return true
    case 'node':
      return selector.node === id
    case 'labels':
      return selector.labels.every(
        ([label, value]) => Object.hasOwn(labels, label) && labels[label] === value,
      )
  }
}

/** A label as nodes have them, and any value but one with a comma: that would be the next label. */
function toTerm(text: string): Term | undefined {
  const at = text.indexOf('=')
  const [label, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  return at > 0 && LABEL.test(label) ? [label, value] : undefined
}

/** What a label may be called. */
export const LABEL_PATTERN = '^[a-zA-Z0-9]([a-zA-Z0-9._/-]{0,61}[a-zA-Z0-9])?$'
const LABEL = new RegExp(LABEL_PATTERN)
