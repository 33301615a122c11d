namespace Cote.Models;

/// <summary>
/// About how many tokens a text is. Each model family counts otherwise and an OpenAI-compatible endpoint does not even
/// say which it is, so no tokenizer would be right: this errs to the high side for prose and to the low side for
/// digits and code, which <see cref="TokenRatio"/> corrects by what the provider reported.
/// </summary>
static class TokenEstimate
{
    const int PerMessage = 4;

    public static int Of(string text) => PerMessage + (Quarters(text) + 3) / 4;

    /// <summary>The same for a piece of a message, in quarters of a token.</summary>
    public static int Quarters(string text)
    {
        var quarters = 0;
        foreach (var unit in text)
            quarters += unit < 0x80 ? 1 : unit < 0x2E80 ? 2 : 4;
        return quarters;
    }
}
