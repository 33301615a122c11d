namespace Cote.Models;

/// <summary>
/// How many tokens a provider counts of a prompt for a thousand that <see cref="TokenEstimate"/> says. Each model
/// counts otherwise, so the next prompt of a chat is measured by what its last reply reported.
/// </summary>
/// <param name="Thousandths">A thousand where nothing is known.</param>
readonly record struct TokenRatio(long Thousandths)
{
    // Of a short prompt most is what the provider adds to each.
    const long LeastEstimate = 400;

    // Beyond these it is no count of the prompt: some servers report what was not in their cache, or a sum.
    const long Least = 400;
    const long Most = 5_000;

    public static readonly TokenRatio One = new(1_000);

    /// <summary>The ratio of a call, in thousandths; null where it says nothing.</summary>
    /// <param name="counted">The tokens of its input as the provider counted them.</param>
    /// <param name="estimate">The same as they were estimated.</param>
    public static long? Of(long counted, long estimate) =>
        estimate >= LeastEstimate && counted * 1_000 / estimate is >= Least and <= Most and var ratio ? ratio : null;

    /// <summary>About how many tokens the provider counts.</summary>
    public long Counted(long estimate) => (estimate * Thousandths + 999) / 1_000;

    /// <summary>The estimate of what the provider counts as so many tokens.</summary>
    public long Estimate(long counted) => counted * 1_000 / Thousandths;
}
