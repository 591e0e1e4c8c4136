import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Link, Paths } from '../../client/operations.ts'
import { api } from '../api/client.ts'
import { type GraphModel, keyOf, type LiveLink } from '../graph/model.ts'
import type { GraphNode } from '../graph/view.ts'
import { bytes, plural, rate, when } from '../text.ts'
import { MemberActs } from './acts.tsx'
import { TrafficChart } from './chart.tsx'
import { Notice } from './notice.tsx'
import { ageText, LinkTable, PathWord, State } from './tables.tsx'

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

interface LinkInspectorProps extends InspectorProps {
  readonly a: string
  readonly b: string
}

/** Milliseconds between two looks at a link that is open here. */
const AGAIN = 5_000

function LinkInspector({ network, model, a, b, nameOf, onSelect }: LinkInspectorProps) {
  const [link, setLink] = useState<Link>()
  const [paths, setPaths] = useState<Paths>()
  const [error, setError] = useState<unknown>()
  const shown = linkOf(model, a, b)
  const apart = model.graph.apart.find((pair) => keyOf(pair) === keyOf({ a, b }))
  useEffect(() => {
    const stop = new AbortController()
    setLink(undefined)
    setPaths(undefined)
    const look = () =>
      Promise.all([
        api.call('showLink', { path: { network, a, b } }, stop.signal).then(setLink),
        api
          .call('explainPaths', { path: { network }, query: { from: a, to: b } }, stop.signal)
          .then(setPaths),
      ]).then(
        () => setError(undefined),
        (cause: unknown) => {
          if (!stop.signal.aborted) setError(cause)
        },
      )
    look()
    const timer = setInterval(look, AGAIN)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [network, a, b, shown?.state, shown?.path])
  return (
    <article>
      <header class="subject">
        <h2>
          {nameOf(a)} – {nameOf(b)}
        </h2>
        {link && <State word={apart?.why ?? link.state} />}
      </header>
      <Notice error={error} />
      {link && <LinkFacts link={link} nameOf={nameOf} />}
      {paths && <Explanation paths={paths} nameOf={nameOf} />}
      <button type="button" class="quiet" onClick={() => onSelect([a])}>
        Only {nameOf(a)}
      </button>
    </article>
  )
}

function linkOf(model: GraphModel, a: string, b: string): LiveLink | undefined {
  return model.links.get(keyOf({ a, b }))
}

function LinkFacts({ link, nameOf }: { readonly link: Link; readonly nameOf: (id: string) => string }) {
  const [fine] = link.traffic
  return (
    <>
      <dl>
        <Fact name="Path">
          <PathWord path={link.path} via={link.via === null ? undefined : nameOf(link.via)} />
        </Fact>
        <Fact name="Why">{link.reason}</Fact>
        <Fact name="Handshake">
          {link.handshakeAgeSeconds === null ? 'never' : `${ageText(link.handshakeAgeSeconds)} ago`}
        </Fact>
        <Fact name="In all">
          {bytes(link.rxBytes)} received, {bytes(link.txBytes)} sent
        </Fact>
        {link.lastChange && (
          <Fact name="Last change">
            {link.lastChange.actorName} {link.lastChange.what.join('; ')}, {when(link.lastChange.at)}
          </Fact>
        )}
      </dl>
      <section>
        <h3>Traffic</h3>
        {fine ? <TrafficChart level={fine} /> : <p class="muted">Nothing has been reported yet.</p>}
      </section>
      <section>
        <h3>Ends</h3>
        <div class="scroll">
          <table class="dense ends">
            <thead>
              <tr>
                <td />
                <th scope="col">{link.a.name}</th>
                <th scope="col">{link.b.name}</th>
              </tr>
            </thead>
            <tbody>
              <End name="Sees the other at" a={link.a.endpoint} b={link.b.endpoint} />
              <End name="Address" a={link.a.ipv4} b={link.b.ipv4} />
              <End name="Key fingerprint" a={link.a.keyFingerprint} b={link.b.keyFingerprint} />
              <End name="Revision" a={revision(link.a)} b={revision(link.b)} />
              {(link.a.refused ?? link.b.refused) !== null && (
                <End name="Refused" a={link.a.refused} b={link.b.refused} />
              )}
            </tbody>
          </table>
        </div>
      </section>
    </>
  )
}

function revision({ appliedRevision, desiredRevision }: Link['a']): string {
  return `${appliedRevision} of ${desiredRevision}`
}

function End({
  name,
  a,
  b,
}: {
  readonly name: string
  readonly a: string | null
  readonly b: string | null
}) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="mono breaks">{a ?? '–'}</td>
      <td class="mono breaks">{b ?? '–'}</td>
    </tr>
  )
}

function Explanation({ paths, nameOf }: { readonly paths: Paths; readonly nameOf: (id: string) => string }) {
  return (
    <section data-explanation>
      <h3>Why this path</h3>
      <ul class="sentences">
        {paths.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {paths.advice.length > 0 && (
        <div class="advice">
          <h4>What to do</h4>
          <ul>
            {paths.advice.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      )}
      {paths.directions.map((direction) => (
        <details key={direction.from} open>
          <summary>
            Candidates from {nameOf(direction.from)} to {nameOf(direction.to)}
          </summary>
          <ol class="candidates">
            {direction.candidates.map(({ kind, via, endpoint, mtu }) => (
              <li
                key={`${kind} ${via} ${endpoint}`}
                class={kind === direction.inUse.kind && via === direction.inUse.via ? 'used' : ''}
              >
                <PathWord path={kind} via={via === null ? undefined : nameOf(via)} />
                <span class="mono breaks">{endpoint ?? 'the other end begins'}</span>
                <span class="muted">MTU {mtu}</span>
              </li>
            ))}
            {direction.rejected.map(({ kind, reason }) => (
              <li key={`${kind} ${reason}`} class="rejected">
                <span class={`path ${kind}`}>{kind}</span>
                <span>{reason}</span>
              </li>
            ))}
          </ol>
        </details>
      ))}
    </section>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}
