using System.Diagnostics;
using Cote.Tests.Harness;

namespace Cote.Tests.Account;

/// <summary>
/// An unknown user and a wrong password must take the same time, else a login tells who is here. Hundreds of samples in
/// turn, compared by their medians in one run: <c>COTE_TIMING_SAMPLES=500</c> for a person, fewer in CI.
/// </summary>
[Collection(nameof(LoginTimingTests))]
[CollectionDefinition(nameof(LoginTimingTests), DisableParallelization = true)]
public sealed class LoginTimingTests
{
    [Fact]
    public async Task An_unknown_user_and_a_wrong_password_take_the_same_time()
    {
        var samples = int.Parse(Environment.GetEnvironmentVariable("COTE_TIMING_SAMPLES") ?? "40");
        await using var app = await CoteApp.StartAsync();
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
        // Without the hash for nobody it would be a hundred to one.
        ratio.ShouldBeInRange(samples >= 500 ? 0.95 : 0.8, samples >= 500 ? 1.05 : 1.25);
    }

    static async Task<double> TimeAsync(CoteClient client, string username)
    {
        var began = Stopwatch.GetTimestamp();
        var refused = await client.FormAsync("/token", ("username", username), ("password", "wrong password"));
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        refused.Text.ShouldBe("""{"detail":"Incorrect username or password","code":"wrong_password"}""");
        return took;
    }
}
