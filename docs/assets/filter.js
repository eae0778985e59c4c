// The cards that hold all words of the field above them.
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("filter");
  field?.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    document.querySelectorAll(".grid.cards > ul > li").forEach((card) => {
      const text = card.textContent.toLowerCase();
      card.hidden = !words.every((word) => text.includes(word));
    });
  });
});
