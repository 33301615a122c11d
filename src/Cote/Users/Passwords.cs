using System.Threading.RateLimiting;
using Cote.Primitives;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Cote.Users;

/// <summary>
/// Hashes and checks passwords, a few at a time: each costs a core a tenth of a second, on purpose. Passwords are
/// hashed as <see cref="TypedText.Password"/> makes them, so that two keyboards type the same one.
/// </summary>
sealed class Passwords : IDisposable
{
    const int QueueLimit = 64;

    static readonly HashSet<string> Common = ReadCommon();

    readonly IPasswordHasher<User> _hasher;
    readonly ConcurrencyLimiter _hashing = new(new()
    {
        PermitLimit = Math.Max(1, Environment.ProcessorCount / 2),
        QueueLimit = QueueLimit,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });
    readonly Lazy<string> _unknownUsers;

    public Passwords(AuthOptions options)
        : this(new PasswordHasher<User>(Options.Create(
            new PasswordHasherOptions { IterationCount = options.PasswordIterations })))
    {
    }

    /// <summary>With a hasher that tests can count.</summary>
    internal Passwords(IPasswordHasher<User> hasher)
    {
        _hasher = hasher;
        _unknownUsers = new(() => _hasher.HashPassword(null!, SecureTokens.Token()));
    }

    /// <summary>The hash to store. Throws <see cref="Problems.Busy"/> where too many wait.</summary>
    public Task<string> HashAsync(string password, CancellationToken ct) =>
        InTurnAsync(() => _hasher.HashPassword(null!, TypedText.Password(password)), ct);

    /// <summary>
    /// Whether it is the password. Without a hash (no such user) it takes the same time and says no. The second answer
    /// is a new hash where the old one was made with fewer rounds, or of another form of the same text.
    /// </summary>
    public Task<(bool Right, string? Rehashed)> VerifyAsync(string? hash, string password, CancellationToken ct) =>
        InTurnAsync<(bool, string?)>(() =>
        {
            hash = hash is { Length: > 0 } ? hash : null; // an account that logs in by an issuer has no password
            var unknown = _unknownUsers.Value;
            var text = TypedText.Password(password);
            var result = _hasher.VerifyHashedPassword(null!, hash ?? unknown, text);
            // Hashes that were made before passwords were normalized are of what was typed.
            if (result == PasswordVerificationResult.Failed && text != password
                && _hasher.VerifyHashedPassword(null!, hash ?? unknown, password) != PasswordVerificationResult.Failed)
                result = PasswordVerificationResult.SuccessRehashNeeded;
            return result switch
            {
                _ when hash is null => (false, null),
                PasswordVerificationResult.Success => (true, null),
                PasswordVerificationResult.SuccessRehashNeeded => (true, _hasher.HashPassword(null!, text)),
                _ => (false, null),
            };
        }, ct);

    /// <summary>What is wrong with a password that is long enough, or null.</summary>
    public static string? WhyWeak(string password, string username, string email)
    {
        var folded = UserStore.Fold(password);
        if (Common.Contains(folded) || folded.Distinct().Count() < 3)
            return "this password is among the first that anyone would try; choose another";
        if (folded == UserStore.Fold(username) || folded == UserStore.Fold(email))
            return "the password must not be the username or the email";
        return null;
    }

    public void Dispose() => _hashing.Dispose();

    async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken ct)
    {
        using var lease = await _hashing.AcquireAsync(1, ct);
        return lease.IsAcquired ? work() : throw new ProblemException(Problems.Busy);
    }

    static HashSet<string> ReadCommon()
    {
        using var stream = typeof(Passwords).Assembly.GetManifestResourceStream("common-passwords.txt")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split(
            '\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }
}
