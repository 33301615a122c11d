using System.Collections.Concurrent;
using System.Diagnostics;
using Cote.Tests.Harness;
using Cote.Users;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

/// <summary>
/// An unknown user and a wrong password must take the same time, else a login tells who is here. What takes time is the
/// hash: the first test counts what is computed, whatever the machine does meanwhile; the second one holds a clock to
/// it.
/// </summary>
[Collection(nameof(LoginTimingTests))]
[CollectionDefinition(nameof(LoginTimingTests), DisableParallelization = true)]
public sealed class LoginTimingTests
{
    const string Refusal = """{"detail":"Incorrect username or password","code":"wrong_password"}""";

    [Fact]
    public async Task An_unknown_user_and_a_wrong_password_cost_the_same_hash()
    {
        var hasher = new CountingHasher();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton(new Passwords(hasher)));
        using var ada = await app.RegisterAsync("ada");
        await RefusedAsync(ada, "nobody"); // the hash that stands for unknown users is made once
        hasher.Take();

        await RefusedAsync(ada, "ada");
        var known = hasher.Take();
        await RefusedAsync(ada, "nobody");
        await RefusedAsync(ada, "");
        var unknown = hasher.Take();

        known.ShouldHaveSingleItem().ShouldStartWith("verified by ");
        unknown.ShouldBe([known[0], known[0]]);
        (await ada.FormAsync("/token", ("username", "ada"), ("password", ada.Password))).Ok();
        hasher.Take().ShouldBe(known, "neither does a login that succeeds hash anew");
    }

    /// <summary>
    /// Hundreds of samples in turn, compared by their medians in one run: <c>COTE_TIMING_SAMPLES=500</c> for a person.
    /// </summary>
    [Fact, Trait("Stage", "slow")]
    public async Task An_unknown_user_and_a_wrong_password_take_the_same_time()
    {
        var samples = int.Parse(Environment.GetEnvironmentVariable("COTE_TIMING_SAMPLES") ?? "40");
        await using var app = await CoteApp.StartAsync(CoteApp.HashAsShipped);
        using var ada = await app.RegisterAsync("ada");
        List<double> known = [], unknown = [];
        for (var i = 0; i < samples + 3; i++)
        {
            // In turn, and each first as often as second: what the machine does meanwhile falls on both.
            var (a, b) = i % 2 == 0 ? (known, unknown) : (unknown, known);
            a.Add(await TimeAsync(ada, a == known ? "ada" : "nobody"));
            b.Add(await TimeAsync(ada, b == known ? "ada" : "nobody"));
            if (i < 3) // the first ones compile
            {
                known.Clear();
                unknown.Clear();
            }
        }
        known.Sort();
        unknown.Sort();
        var ratio = known[samples / 2] / unknown[samples / 2];
        TestContext.Current.SendDiagnosticMessage($"known/unknown: {ratio:0.000} of {samples} samples each");
        // Without the hash for nobody it would be a hundred to one; few samples on a busy machine tell no more than
        // that.
        ratio.ShouldBeInRange(samples >= 500 ? 0.95 : 0.5, samples >= 500 ? 1.05 : 2);
    }

    static async Task<double> TimeAsync(CoteClient client, string username)
    {
        var began = Stopwatch.GetTimestamp();
        await RefusedAsync(client, username);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    static async Task RefusedAsync(CoteClient client, string username) =>
        (await client.FormAsync("/token", ("username", username), ("password", "wrong password"))).Text.ShouldBe(
            Refusal);

    /// <summary>Hashes as ever, and writes down what was computed and with which parameters.</summary>
    sealed class CountingHasher : PasswordHasher<User>
    {
        readonly ConcurrentQueue<string> _computed = [];

        /// <summary>What was computed since the last time.</summary>
        public List<string> Take()
        {
            var taken = new List<string>();
            while (_computed.TryDequeue(out var one))
                taken.Add(one);
            return taken;
        }

        public override string HashPassword(User user, string password)
        {
            var hash = base.HashPassword(user, password);
            _computed.Enqueue("hashed by " + Parameters(hash));
            return hash;
        }

        public override PasswordVerificationResult VerifyHashedPassword(
            User user, string hashedPassword, string providedPassword)
        {
            _computed.Enqueue("verified by " + Parameters(hashedPassword));
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }

        // The head of a hash: its form, its function, its rounds and the length of its salt.
        static string Parameters(string hash) => Convert.ToHexString(Convert.FromBase64String(hash), 0, 13);
    }
}
