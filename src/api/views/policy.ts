import type { Rehearsal } from '../../controller/push/rehearsal.ts'
import { type Policy as PolicyState, type Rule, rangeText } from '../../model/policy.ts'
import type { Network } from '../../model/state.ts'
import type { LinkList } from '../../topology/policy/link-changes.ts'
import type { LinkChanges, Policy } from '../schemas/policy.ts'

/** A policy as it was handed in, but for selectors in their canonical form. */
export function policyView({ default: fallback, rules }: PolicyState): Policy {
  return { default: fallback, rules: rules.map(ruleView) }
}

/** It changes with each policy that is set, also over a restored log, and is none of another network that had the name before. */
export function policyEtag({ id, policyRevision }: Network, epoch: number): string {
  return `"${id}.${epoch}.${policyRevision}"`
}

export function linkChangesView({ links, push }: Rehearsal): LinkChanges {
  const { appear, disappear } = links
  return {
    appear: listView(appear),
    disappear: listView(disappear),
    push: { ...push, members: [...push.members] },
  }
}

function ruleView({ from, to, protocols, ports }: Rule): Policy['rules'][number] {
  return {
    from,
    to,
    ...(protocols && { protocols: [...protocols] }),
    ...(ports && {
      ports: ports.map((range) => (range.first === range.last ? range.first : rangeText(range))),
    }),
  }
}

function listView({ count, links }: LinkList): LinkChanges['appear'] {
  return { count, links: [...links] }
}
