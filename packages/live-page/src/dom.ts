type Child = Node | string;

/** An element; what is text stays text, whatever is in it. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Sets the text, which may be broken before what separates its parts, such as those of a path. */
export function setBreakableText(element: Element, text: string): void {
  if (element.textContent === text) return;
  const parts = text.split(/(?<=[^/:.@-])(?=[/:.@-])/).flatMap((part) => [el('wbr'), part]);
  element.replaceChildren(...parts.slice(1));
}

/** Sets the text where it is another one, so that a selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
