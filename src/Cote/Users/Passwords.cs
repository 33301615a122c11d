using Cote.Primitives;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Cote.Users;

/// <summary>Hashes and checks passwords, a few at a time: each costs a core a tenth of a second, on purpose.</summary>
sealed class Passwords : IDisposable
{
    const int MostWaiting = 64;

    static readonly HashSet<string> Common = ReadCommon();

    readonly IPasswordHasher<User> _hasher;
    readonly SemaphoreSlim _places = new(Math.Max(1, Environment.ProcessorCount / 2));
    readonly Lazy<string> _nobodys;
    int _waiting;

    public Passwords(AuthOptions options)
        : this(new PasswordHasher<User>(Options.Create(new PasswordHasherOptions { IterationCount = options.PasswordIterations })))
    {
    }

    /// <summary>With a hasher that tests can count.</summary>
    internal Passwords(IPasswordHasher<User> hasher)
    {
        _hasher = hasher;
        _nobodys = new(() => _hasher.HashPassword(null!, SecureTokens.Token()));
    }

    public Task<string> HashAsync(string password, CancellationToken ct) =>
        TakingTurnsAsync(() => _hasher.HashPassword(null!, password), ct);

    /// <summary>
    /// Is it the password? Without a hash (no such user) it takes the same time and says no. The second answer is a
    /// new hash where the old one was made with fewer rounds.
    /// </summary>
    public Task<(bool Right, string? Rehashed)> VerifyAsync(string? hash, string password, CancellationToken ct) =>
        TakingTurnsAsync<(bool, string?)>(() =>
        {
            var nobodys = _nobodys.Value;
            return _hasher.VerifyHashedPassword(null!, hash ?? nobodys, password) switch
            {
                _ when hash is null => (false, null),
                PasswordVerificationResult.Success => (true, null),
                PasswordVerificationResult.SuccessRehashNeeded => (true, _hasher.HashPassword(null!, password)),
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

    public void Dispose() => _places.Dispose();

    async Task<T> TakingTurnsAsync<T>(Func<T> work, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new ProblemException(Problems.Busy);
        }
        try
        {
            await _places.WaitAsync(ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        try
        {
            return work();
        }
        finally
        {
            _places.Release();
        }
    }

    static HashSet<string> ReadCommon()
    {
        using var reader = new StreamReader(typeof(Passwords).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }
}
