import { useState } from 'preact/hooks'
import { handshakeAge, type LiveLink } from '../graph/model.ts'
import type { GraphNode } from '../graph/view.ts'
import { age, bytes, count, plural, rate } from '../text.ts'

/** Rows that are shown at first, and more with each click: a page of 10,000 rows is slow and read by nobody. */
const ROWS = 100

/** What is drawn, as a table: members. */
export function MemberTable({
  nodes,
  onSelect,
}: {
  readonly nodes: readonly GraphNode[]
  readonly onSelect: (id: string) => void
}) {
  const [rows, setRows] = useState(ROWS)
  return (
    <>
      <table class="dense" data-table="members">
        <caption>{plural(nodes.length, 'member')}</caption>
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">State</th>
            <th scope="col">Address</th>
            <th scope="col">Rev.</th>
          </tr>
        </thead>
        <tbody>
          {nodes.slice(0, rows).map((node) => (
            <tr key={node.id}>
              <th scope="row">
                <button type="button" class="link" onClick={() => onSelect(node.id)}>
                  {node.name}
                </button>
                {node.roles.map((role) => (
                  <span key={role} class="tag">
                    {role}
                  </span>
                ))}
              </th>
              <td>
                <State word={node.state} />
              </td>
              <td class="mono">{node.ipv4}</td>
              <td class="number">
                {node.appliedRevision}/{node.desiredRevision}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More left={nodes.length - rows} onMore={() => setRows(rows + ROWS)} />
    </>
  )
}

interface LinkTableProps {
  readonly links: readonly LiveLink[]
  /** How many there are beside these. */
  readonly omitted: number
  readonly nameOf: (id: string) => string
  readonly onSelect: (a: string, b: string) => void
}

/** What is drawn, as a table: links. */
export function LinkTable({ links, omitted, nameOf, onSelect }: LinkTableProps) {
  const [rows, setRows] = useState(ROWS)
  const now = Date.now()
  return (
    <>
      <table class="dense" data-table="links">
        <caption>
          {count(links.length)} links{omitted > 0 && `, and ${count(omitted)} that are counted only`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Link</th>
            <th scope="col">State</th>
            <th scope="col">Path</th>
            <th scope="col">Seen</th>
            <th scope="col">Traffic</th>
          </tr>
        </thead>
        <tbody>
          {links.slice(0, rows).map((link) => (
            <tr key={`${link.a} ${link.b}`}>
              <th scope="row">
                <button type="button" class="link" onClick={() => onSelect(link.a, link.b)}>
                  {nameOf(link.a)} – {nameOf(link.b)}
                </button>
              </th>
              <td>
                <State word={link.state} />
              </td>
              <td>
                <PathWord path={link.path} via={link.via === null ? undefined : nameOf(link.via)} />
              </td>
              <td class="number">{ageText(handshakeAge(link, now))}</td>
              <td class="number" title={`${bytes(link.rxBytes + link.txBytes)} in all`}>
                {link.rate > 0 ? rate(link.rate) : bytes(link.rxBytes + link.txBytes)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More left={links.length - rows} onMore={() => setRows(rows + ROWS)} />
    </>
  )
}

function More({ left, onMore }: { readonly left: number; readonly onMore: () => void }) {
  if (left <= 0) return null
  return (
    <button type="button" class="quiet wide" onClick={onMore}>
      {count(left)} more
    </button>
  )
}

export function State({ word }: { readonly word: string }) {
  return (
    <span class={`state ${word}`}>
      <span class="dot" aria-hidden="true" />
      {word}
    </span>
  )
}

export function PathWord({ path, via }: { readonly path: string; readonly via: string | undefined }) {
  return (
    <span class={`path ${path}`}>
      {path}
      {via !== undefined && ` via ${via}`}
    </span>
  )
}

export function ageText(seconds: number | undefined): string {
  return seconds === undefined ? 'never' : age(seconds)
}
