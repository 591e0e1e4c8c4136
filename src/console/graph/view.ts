import type { Graph } from '../../client/operations.ts'

export type GraphNode = Graph['nodes'][number]
export type GraphLink = Graph['links'][number]
export type LinkState = GraphLink['state']
export type LinkPath = GraphLink['path']

export const LINK_STATES: readonly LinkState[] = ['up', 'stale', 'down', 'pending']
/** Why two members are no peers. */
export type ApartWhy = Graph['apart'][number]['why']

export const APART_WHYS: readonly ApartWhy[] = ['forbidden', 'carried']
export const LINK_PATHS: readonly LinkPath[] = ['lan', 'direct', 'punched', 'relayed', 'none']

/** What somebody wants to see of a graph; all of it stands in the address of the page. */
export interface View {
  /** Ids of the nodes that are selected: none, one or two. */
  readonly selected: readonly string[]
  readonly focus: boolean
  readonly search: string
  readonly states: readonly LinkState[]
  readonly paths: readonly LinkPath[]
  /** `key=value`; a key alone: all that have it. */
  readonly label: string
  /** Only members that have not applied the latest revision. */
  readonly lagging: boolean
  /** Name of the label to group by; undefined: as it suits the size; empty: not at all. */
  readonly by: string | undefined
  /** Values of the label whose groups are open. */
  readonly open: readonly string[]
  /** Pairs that no link joins are shown, too: those that are apart for these reasons. */
  readonly apart: readonly ApartWhy[]
  /** Whether the table of members is open. */
  readonly isListing: boolean
  /** The revision shown; undefined: as it is now. */
  readonly revision: number | undefined
  /** The revision that it is compared with. */
  readonly against: number | undefined
}

/** Members up to which each is drawn unless somebody wants groups. */
const UNGROUPED = 200

export function readView(query: URLSearchParams): View {
  return {
    selected: words(query.get('sel')).slice(0, 2),
    focus: query.has('focus'),
    search: query.get('q') ?? '',
    states: words(query.get('state')).filter((word) => isOneOf(word, LINK_STATES)),
    paths: words(query.get('path')).filter((word) => isOneOf(word, LINK_PATHS)),
    label: query.get('label') ?? '',
    lagging: query.has('lag'),
    by: query.get('by') ?? undefined,
    open: query.getAll('open').flatMap(readOpen),
    apart: words(query.get('apart')).filter((word) => isOneOf(word, APART_WHYS)),
    isListing: query.get('tab') === 'members',
    revision: whole(query.get('rev')),
    against: whole(query.get('vs')),
  }
}

/** By which label the members are grouped; undefined: each is drawn. */
export function groupingOf({ by }: Pick<View, 'by'>, members: number): string | undefined {
  if (by === '-') return undefined
  return by ?? (members > UNGROUPED ? USUAL_LABEL : undefined)
}

/** The label that groups are made by unless another is chosen. */
export const USUAL_LABEL = 'site'

/** Whether a view asks for more members than those of open groups: it looks for some, wherever they are. */
export function wantsAll({ search, label, lagging, selected, isListing }: View): boolean {
  return search !== '' || label !== '' || lagging || selected.length > 0 || isListing
}

/** Open groups as one text, for the address. Labels may hold anything. */
export function writeOpen(open: readonly string[]): string {
  return open.length === 0 ? '' : JSON.stringify(open)
}

function readOpen(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  } catch {
    return []
  }
}

function words(text: string | null): string[] {
  return (text ?? '').split(',').filter(Boolean)
}

function isOneOf<Word extends string>(word: string, known: readonly Word[]): word is Word {
  return known.some((each) => each === word)
}

function whole(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/** The groups that are open after one was opened or closed. */
export function toggled(open: readonly string[], group: string): string[] {
  return open.includes(group) ? open.filter((each) => each !== group) : [...open, group]
}
