declare const brand: unique symbol
/** An address range in canonical form: `10.1.0.0/16`, `fd12:3456:789a::/48`; no host bits, IPv6 as RFC 5952 writes it. */
export type Cidr = string & { readonly [brand]: 'Cidr' }
/** One address in canonical form, without a prefix length. */
export type Address = string & { readonly [brand]: 'Address' }
