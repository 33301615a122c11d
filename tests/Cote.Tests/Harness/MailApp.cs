using Cote.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Harness;

/// <summary>A server with a mail server beside it.</summary>
public sealed class MailApp : IAsyncLifetime
{
    Task<CoteApp> _app = null!;

    public FakeMailServer Mail { get; } = FakeMailServer.Start();

    public CoteApp App => _app.GetAwaiter().GetResult();

    /// <summary>Second tries that come soon, and a certificate that is trusted where one is given.</summary>
    public static void Add(CoteBuilder add, FakeMailServer? trusted = null)
    {
        add.Services.AddSingleton(new MailPace(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(20)));
        if (trusted is not null)
            add.Services.AddSingleton(new MailTrust((_, given, _, _) =>
                given?.GetCertHashString() == trusted.Certificate.GetCertHashString()));
    }

    public async ValueTask InitializeAsync() =>
        await Task.WhenAny(_app = CoteApp.StartAsync(x => Add(x), Mail.Settings));

    public async ValueTask DisposeAsync()
    {
        if (_app.IsCompletedSuccessfully)
            await App.DisposeAsync();
        await Mail.DisposeAsync();
    }
}

/// <summary>What tests of mail say often.</summary>
static class MailSteps
{
    public static string Address(this CoteClient client) => client.Username + "@example.com";

    public static Task<Reply> ForgetAsync(this CoteClient client, string? email = null) =>
        client.PostAsync("/password/forgot", new { email = email ?? client.Address() });

    public static Task<Reply> ResetAsync(this CoteClient client, string code, string password) =>
        client.PostAsync("/password/reset", new { code, password });

    public static Task<Reply> VerifyAsync(this CoteClient client, string? code = null) =>
        client.PostAsync("/users/me/verify-email", code is null ? null : new { code });
}
