import { BlockList, isIP, isIPv4 } from 'node:net';

/** IPv4 in IPv6's clothes: what a socket that listens for both says of a client. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Addresses and networks (CIDR). Each family has a list of its own: one list would take ::/0 for all of IPv4 as well. */
export class AddressList {
  readonly #v4 = new BlockList();
  readonly #v6 = new BlockList();

  /** @returns undefined when one of the texts is neither an address nor a network */
  static of(texts: readonly string[]): AddressList | undefined {
    const list = new AddressList();
    return texts.every((text) => list.#add(text)) ? list : undefined;
  }

  /** @param address as a socket says it; undefined where there is none, as on a Unix socket: that is nobody's */
  includes(address: string | undefined): boolean {
    const plain = address?.replace(MAPPED, '').replace(/%.*$/, '') ?? '';
    if (isIP(plain) === 0) return false;
    return isIPv4(plain) ? this.#v4.check(plain) : this.#v6.check(plain, 'ipv6');
  }

  #add(text: string): boolean {
    const [, address = '', prefix] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
    const plain = address.replace(MAPPED, '');
    const family = isIP(plain);
    const most = family === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : Number(prefix) - (plain === address ? 0 : 96);
    if (family === 0 || bits < 0 || bits > most) return false;
    if (family === 4) this.#v4.addSubnet(plain, bits);
    else this.#v6.addSubnet(plain, bits, 'ipv6');
    return true;
  }
}
