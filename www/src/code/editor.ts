/** A read-only view of a source: CodeMirror with PostgreSQL's dialect. Loaded when a source is shown. */
import { PostgreSQL, sql } from '@codemirror/lang-sql';
import { forceParsing, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, RangeSet, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  GutterMarker,
  gutter,
  lineNumbers,
  type DecorationSet,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** A sign in the gutter. */
export interface LineMark {
  line: number;
  sign: string;
  /** One of the classes of the theme below. */
  type: 'behavior' | 'structure' | 'act' | 'fixture' | 'problem';
  title: string;
}

interface Options {
  text: string;
  /** Says what the text is. */
  label: string;
  /** A sign in the gutter was chosen. */
  onLine(line: number): void;
}

/** About a screen of text, and what a page may spend on it at once. */
const PARSED_AHEAD = 8000;
const PARSE_MS = 40;

export class Editor {
  readonly #view: EditorView;

  constructor(host: HTMLElement, { text, label, onLine }: Options) {
    // In a shadow root CodeMirror brings its style as a constructed sheet, which a policy without inline styles allows.
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    this.#view = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          EditorState.readOnly.of(true),
          // Not editable, so that no keyboard opens on a phone; in the tab order, so that keys scroll it.
          EditorView.editable.of(false),
          EditorView.contentAttributes.of({ 'aria-label': label, 'aria-readonly': 'true', tabindex: '0' }),
          lineNumbers(),
          marked,
          gutter({
            class: 'cm-marks',
            markers: (view) => view.state.field(marked),
            initialSpacer: () => new Sign({ line: 0, sign: '●', type: 'behavior', title: '' }),
            domEventHandlers: {
              click: (view, block) => (onLine(view.state.doc.lineAt(block.from).number), true),
            },
          }),
          shown,
          sql({ dialect: PostgreSQL }),
          syntaxHighlighting(HIGHLIGHT),
          THEME,
        ],
      }),
    });
  }

  mark(marks: LineMark[]): void {
    this.#view.dispatch({ effects: setMarks.of(marks) });
  }

  /** Marks a line and brings it into view; 0 is none. */
  show(line: number): void {
    const { doc } = this.#view.state;
    if (line < 1 || line > doc.lines) return;
    const { from } = doc.line(line);
    this.#view.dispatch({
      effects: [setShown.of(from), EditorView.scrollIntoView(from, { y: 'start', yMargin: 60 })],
    });
    // Else what lies far below the top would get its colours a moment later.
    forceParsing(this.#view, Math.min(doc.length, from + PARSED_AHEAD), PARSE_MS);
  }

  destroy(): void {
    this.#view.destroy();
  }
}

class Sign extends GutterMarker {
  readonly #mark: LineMark;

  constructor(mark: LineMark) {
    super();
    this.#mark = mark;
  }

  override toDOM(): Node {
    const { sign, type, title } = this.#mark;
    const element = document.createElement('span');
    element.className = `cm-sign cm-sign-${type}`;
    element.textContent = sign;
    element.title = title;
    return element;
  }
}

const setMarks = StateEffect.define<LineMark[]>();
const setShown = StateEffect.define<number>();

const marked = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setMarks)) continue;
      const { doc } = transaction.state;
      const inside = effect.value.filter(({ line }) => line >= 1 && line <= doc.lines);
      return RangeSet.of(
        inside.map((mark) => new Sign(mark).range(doc.line(mark.line).from)),
        true,
      );
    }
    return value;
  },
});

const shown = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setShown)) {
        return Decoration.set([Decoration.line({ class: 'cm-shown' }).range(effect.value)]);
      }
    }
    return value;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Colours are those of the page: custom properties reach into shadow roots. */
const HIGHLIGHT = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.modifier],
    color: 'var(--code-keyword)',
    fontWeight: '600',
  },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--code-type)' },
  { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
]);

const THEME = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--raised)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--ink)' },
  '.cm-gutters': {
    backgroundColor: 'var(--sunken)',
    color: 'var(--quiet)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-shown': { backgroundColor: 'var(--shown)' },
  '.cm-sign': { display: 'inline-block', width: '14px', textAlign: 'center', cursor: 'pointer' },
  '.cm-sign-behavior, .cm-sign-act': { color: 'var(--exercised)' },
  '.cm-sign-structure': { color: 'var(--asserted-mark)' },
  '.cm-sign-fixture': { color: 'var(--quiet)' },
  '.cm-sign-problem': { color: 'var(--alert)', fontWeight: '700' },
});
