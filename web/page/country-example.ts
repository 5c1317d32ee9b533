/** Shows how a number of the chosen country is written. */
export function showExamples(): void {
  const countries = document.querySelector<HTMLSelectElement>('#country');
  const hint = document.querySelector<HTMLElement>('#example');
  const value = hint?.querySelector('[data-value=example]');
  if (countries === null || hint === null || value == null) return;
  const show = () => {
    const { example = '' } = countries.selectedOptions[0]?.dataset ?? {};
    value.textContent = example;
    hint.toggleAttribute('data-empty', example === '');
    document.querySelector('#number')?.setAttribute('aria-describedby', example === '' ? 'message' : 'example message');
  };
  // A browser that opens a closed page again tells of what it puts back, and not that it was changed.
  countries.addEventListener('input', show);
  // A browser that loads a page again keeps what was chosen, and tells nobody.
  show();
}
