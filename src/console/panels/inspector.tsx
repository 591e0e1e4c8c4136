import type { GraphModel } from '../graph/model.ts'
import type { GraphNode } from '../graph/view.ts'
import { plural, rate } from '../text.ts'
import { MemberActs } from './acts.tsx'
import { Fact } from './fact.tsx'
import { LinkInspector } from './link.tsx'
import { LinkTable, State } from './tables.tsx'

interface InspectorProps {
  readonly network: string
  readonly model: GraphModel
  readonly version: number
  readonly selected: readonly string[]
  readonly nameOf: (id: string) => string
  readonly onSelect: (ids: readonly string[]) => void
}

/** Everything about what is selected: a member, a relay, or the link of two members. */
export function Inspector(props: InspectorProps) {
  const [a, b] = props.selected
  if (a === undefined) return null
  if (b !== undefined) return <LinkInspector {...props} a={a} b={b} />
  const node = props.model.nodes.get(a)
  if (node) return <NodeInspector {...props} node={node} />
  return <RelayInspector {...props} relay={a} />
}

function NodeInspector({
  network,
  model,
  node,
  nameOf,
  onSelect,
}: InspectorProps & { readonly node: GraphNode }) {
  const links = [...model.links.values()].filter(({ a, b }) => a === node.id || b === node.id)
  const carried = [...model.links.values()].filter(({ via }) => via === node.id)
  const total = links.reduce((sum, link) => sum + link.rate, 0)
  return (
    <article>
      <header class="subject">
        <h2>{node.name}</h2>
        <State word={node.state} />
      </header>
      <dl>
        <Fact name="Addresses">
          <span class="mono">
            {node.ipv4}
            <br />
            {node.ipv6}
          </span>
        </Fact>
        <Fact name="Roles">{node.roles.length > 0 ? node.roles.join(', ') : 'none'}</Fact>
        <Fact name="Revision">
          {node.appliedRevision} applied of {node.desiredRevision} wanted
        </Fact>
        {node.problems.length > 0 && <Fact name="Problems">{node.problems.join(' ')}</Fact>}
        <Fact name="Labels">
          <Labels labels={node.labels} />
        </Fact>
        <Fact name="Traffic">{rate(total)} now</Fact>
        <Fact name="Id">
          <span class="mono small">{node.id}</span>
        </Fact>
      </dl>
      <MemberActs network={network} node={node} />
      <PathTo model={model} from={node} onSelect={onSelect} />
      {carried.length > 0 && (
        <section>
          <h3>Carries {plural(carried.length, 'link')}</h3>
          <LinkTable links={carried} omitted={0} nameOf={nameOf} onSelect={(a, b) => onSelect([a, b])} />
        </section>
      )}
      <section>
        <h3>Links</h3>
        <LinkTable links={links} omitted={0} nameOf={nameOf} onSelect={(a, b) => onSelect([a, b])} />
      </section>
    </article>
  )
}

function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const entries = Object.entries(labels)
  if (entries.length === 0) return <span class="muted">none</span>
  return (
    <>
      {entries.map(([key, value]) => (
        <span key={key} class="tag">
          {key}={value}
        </span>
      ))}
    </>
  )
}

interface PathToProps {
  readonly model: GraphModel
  readonly from: GraphNode
  readonly onSelect: (ids: readonly string[]) => void
}

/** Chooses the other end by name, for who does not click on a canvas. */
function PathTo({ model, from, onSelect }: PathToProps) {
  const others = [...model.nodes.values()].filter(({ id }) => id !== from.id)
  return (
    <form
      class="path-to"
      onSubmit={(event) => {
        event.preventDefault()
        const name = String(new FormData(event.currentTarget).get('to'))
        const other = others.find((node) => node.name === name || node.id === name)
        if (other) onSelect([from.id, other.id])
      }}
    >
      <label class="inline grow">
        Path to
        <input name="to" list="members" required autocomplete="off" />
        <datalist id="members">
          {others.slice(0, 500).map(({ id, name }) => (
            <option key={id} value={name} />
          ))}
        </datalist>
      </label>
      <button type="submit">Explain</button>
    </form>
  )
}

function RelayInspector({ model, relay, nameOf, onSelect }: InspectorProps & { readonly relay: string }) {
  const carried = [...model.links.values()].filter(({ via }) => via === relay)
  return (
    <article>
      <header class="subject">
        <h2>{nameOf(relay)}</h2>
        <span class="tag">relay</span>
      </header>
      <p>
        It is no member of this network. It forwards {plural(carried.length, 'link')} that are encrypted end
        to end, and has no key for them: {rate(carried.reduce((sum, link) => sum + link.rate, 0))} now.
      </p>
      <LinkTable links={carried} omitted={0} nameOf={nameOf} onSelect={(a, b) => onSelect([a, b])} />
    </article>
  )
}
