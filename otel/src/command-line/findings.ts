/** `wrong` is what a person should mend, and makes the exit code 1; a `note` is what one should know; `off` does nothing. */
export type Mark = 'good' | 'off' | 'note' | 'wrong';

export interface Finding {
  readonly mark: Mark;
  /** What it is about, where a section lists things side by side: `express 5.3.0`. */
  readonly subject?: string;
  readonly text: string;
  /** What to do about it. */
  readonly mend?: string;
}

export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export function good(text: string, subject?: string): Finding {
  return { mark: 'good', text, ...(subject !== undefined && { subject }) };
}

export function off(text: string, subject: string): Finding {
  return { mark: 'off', text, subject };
}

export function note(text: string, { mend, subject }: Pick<Finding, 'mend' | 'subject'> = {}): Finding {
  return { mark: 'note', text, ...(mend !== undefined && { mend }), ...(subject !== undefined && { subject }) };
}

export function wrong(text: string, mend: string, subject?: string): Finding {
  return { mark: 'wrong', text, mend, ...(subject !== undefined && { subject }) };
}
