using Cote.Tests.Harness;
using Cote.Users;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

/// <summary>What happens to an account while a login of it computes a hash.</summary>
public sealed class LogInRaceTests
{
    [Theory]
    [InlineData("password_hash = 'another'")]
    [InlineData("disabled_at = 1")]
    public async Task A_login_by_what_was_the_password_makes_no_session_and_puts_no_hash_back(string meanwhile)
    {
        var hasher = new SlowHasher();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton(new Passwords(hasher)));
        using var ada = await app.RegisterAsync("ada");
        var before = (await app.RowsAsync())["sessions"].Count;
        hasher.Meanwhile = () => Rows.ExecuteAsync(app, $"update users set {meanwhile}");

        (await ada.FormAsync("/token", ("username", "ada"), ("password", ada.Password)))
            .ShouldBeProblem(401, "wrong_password", "Incorrect username or password");

        var rows = await app.RowsAsync();
        rows["sessions"].Count.ShouldBe(before);
        if (meanwhile.StartsWith("password", StringComparison.Ordinal))
            rows["users"].Single().ShouldContain("another");
    }

    sealed class SlowHasher : PasswordHasher<User>
    {
        public Func<Task>? Meanwhile { get; set; }

        public override PasswordVerificationResult VerifyHashedPassword(
            User user, string hashedPassword, string providedPassword)
        {
            var result = base.VerifyHashedPassword(user, hashedPassword, providedPassword);
            Meanwhile?.Invoke().GetAwaiter().GetResult();
            return result == PasswordVerificationResult.Success && Meanwhile is not null
                ? PasswordVerificationResult.SuccessRehashNeeded : result;
        }
    }
}
