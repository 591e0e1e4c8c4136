import type { Router } from './topology.ts'

/** Of our rules in the namespaces of routers. */
const TABLE = 'inet lab'
const REPLIES = 'ct state established,related accept'

/** How nft says it: a plain masquerade keeps the port where it can, and the mapping of one inside port for all destinations. */
const MASQUERADE = { cone: 'masquerade', symmetric: 'masquerade random,fully-random' } as const

/**
 * What a home router gives to nft(8), in place of what it had. It drops what comes unasked before it is taken in: the
 * kernel would keep the outside port for a stray packet, and then use another for the flow from inside.
 */
export function rulesOf({ nat, open = false, only }: Router): string {
  return `
    table ${TABLE}
    delete table ${TABLE}
    table ${TABLE} {
      chain out {
        type nat hook postrouting priority srcnat
        oifname "eth0" meta nfproto ipv4 ${nat === 'none' ? 'accept' : MASQUERADE[nat]}
      }
      chain to-me {
        type filter hook input priority filter
        ${open ? 'accept' : `iifname "eth0" ${REPLIES}\n iifname "eth0" drop`}
      }
      chain through {
        type filter hook forward priority filter
        ${only ? `oifname "eth0" ip daddr != { ${only.join(', ')} } drop` : ''}
        iifname "eth0" ${REPLIES}
        iifname "eth0" drop
      }
    }`
}

/** What the Internet gives to nft(8) so that it carries nothing between the two ends of each pair of addresses. */
export function cutRules(pairs: readonly (readonly [string, string])[]): string {
  const drops = pairs.map(([from, to]) => {
    const family = from.includes(':') ? 'ip6' : 'ip'
    return `${family} saddr ${from} ${family} daddr ${to} drop`
  })
  return `
    table ${TABLE}
    delete table ${TABLE}
    table ${TABLE} {
      chain cut {
        type filter hook forward priority filter
        ${drops.join('\n        ')}
      }
    }`
}
