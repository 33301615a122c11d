using System.Security.Cryptography;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>What a code of a mail is for. The names stand in the database: they may never change.</summary>
static class MailPurposes
{
    public const string Reset = "reset";
    public const string Verify = "verify";

    /// <summary>How long a code works.</summary>
    public static TimeSpan LifeOf(string purpose) =>
        purpose == Reset ? TimeSpan.FromMinutes(30) : TimeSpan.FromHours(24);
}

/// <summary>
/// Codes that people type: 100 random bits as 20 letters and digits in groups of five, none of which look alike.
/// </summary>
static class MailCode
{
    public const int LongestTyped = 100;

    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const int Characters = 20;
    const int Group = 5;

    public static string Make() =>
        string.Join('-', RandomNumberGenerator.GetString(Alphabet, Characters).Chunk(Group).Select(x => new string(x)));

    /// <summary>
    /// What the database keeps of a code, however it is typed: its bits are its own, so no salt is needed.
    /// </summary>
    public static string HashOf(string typed) => SecureTokens.Hash(string.Concat(
        typed.Where(x => x != '-' && !char.IsWhiteSpace(x)).Select(char.ToUpperInvariant).Select(x => x switch
        {
            'O' => '0',
            'I' or 'L' => '1',
            _ => x,
        })));
}
