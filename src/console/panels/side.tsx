import type { LinkChanges } from '../../client/operations.ts'
import { isFiltering, linkMatches, nodeMatches } from '../graph/filter.ts'
import type { GraphModel, LiveLink } from '../graph/model.ts'
import type { Source } from '../graph/source.ts'
import { toggled, type View, writeOpen } from '../graph/view.ts'
import { change, route } from '../route.ts'
import { useStore } from '../store.ts'
import { GroupTable } from './groups.tsx'
import { History, type Past } from './history.tsx'
import { Inspector } from './inspector.tsx'
import { PolicyPanel } from './policy.tsx'
import { LinkTable, MemberTable } from './tables.tsx'

const TABS = ['links', 'members', 'policy', 'history'] as const
type Tab = (typeof TABS)[number]

interface SideProps {
  readonly name: string
  readonly model: GraphModel
  readonly live: Source
  /** The label by which members are grouped. */
  readonly by: string | undefined
  readonly view: View
  readonly past: Past
  readonly preview: LinkChanges | undefined
  readonly onPreview: (changes: LinkChanges | undefined) => void
  readonly nameOf: (id: string) => string
  readonly onSelect: (ids: readonly string[]) => void
}

/** Beside the picture: what is selected, and the same as tables, the policy and the past. */
export function Side(props: SideProps) {
  const { name, model, live, view, past, nameOf, onSelect } = props
  const { query } = useStore(route)
  const tab: Tab = TABS.find((each) => each === query.get('tab')) ?? 'links'
  const nodes = [...model.nodes.values()]
    .filter((node) => nodeMatches(node, view))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const links = linksOf(model, view, new Set(nodes.map(({ id }) => id)))
  return (
    <aside class="panel" aria-label="About what is shown">
      {view.selected.length > 0 && (
        <section class="inspector" data-inspector>
          <button
            type="button"
            class="quiet close"
            aria-label="Close"
            onClick={() => change({ sel: undefined })}
          >
            ✕
          </button>
          <Inspector
            network={name}
            model={model}
            version={live.version}
            selected={view.selected}
            nameOf={nameOf}
            onSelect={onSelect}
          />
        </section>
      )}
      <div class="tabs" role="tablist">
        {TABS.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            aria-selected={each === tab}
            onClick={() => change({ tab: each === 'links' ? undefined : each }, { replace: true })}
          >
            {each}
          </button>
        ))}
      </div>
      <div role="tabpanel" class="tabpanel">
        {tab === 'links' && props.by !== undefined && (
          <GroupTable
            by={props.by}
            groups={model.graph.groups}
            between={model.graph.between}
            open={view.open}
            onToggle={(group) => change({ open: writeOpen(toggled(view.open, group)) })}
          />
        )}
        {tab === 'links' && (
          <LinkTable
            links={links}
            omitted={model.counts().links - model.links.size}
            nameOf={nameOf}
            onSelect={(a, b) => onSelect([a, b])}
          />
        )}
        {tab === 'members' && <MemberTable nodes={nodes} onSelect={(id) => onSelect([id])} />}
        {tab === 'policy' && (
          <PolicyPanel
            network={name}
            revision={model.graph.revision}
            preview={props.preview}
            onPreview={props.onPreview}
            nameOf={nameOf}
          />
        )}
        {tab === 'history' && (
          <History network={name} latest={live.model?.graph.revision ?? 1} view={view} past={past} />
        )}
      </div>
    </aside>
  )
}

/** The links that the view leaves; with a search, those that have an end that matches. */
function linksOf(model: GraphModel, view: View, matching: ReadonlySet<string>) {
  const links = [...model.links.values()].filter((link) => linkMatches(link, view)).sort(byTrouble)
  if (!isFiltering({ ...view, states: [], paths: [] })) return links
  return links.filter(({ a, b }) => matching.has(a) || matching.has(b))
}

/** What does not work comes first, then what carries most. */
function byTrouble(one: LiveLink, other: LiveLink): number {
  const rank = ({ state }: LiveLink) => TROUBLE.indexOf(state)
  return (
    rank(one) - rank(other) ||
    other.rate - one.rate ||
    other.rxBytes + other.txBytes - one.rxBytes - one.txBytes
  )
}

const TROUBLE = ['down', 'stale', 'pending', 'up'] as const
