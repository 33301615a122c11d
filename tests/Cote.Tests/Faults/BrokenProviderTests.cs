using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Tests.Faults;

/// <summary>A provider is anybody's code.</summary>
public sealed class BrokenProviderTests
{
    [Fact]
    public async Task A_provider_that_cannot_even_be_opened_fails_the_reply_and_nothing_else()
    {
        var data = Directory.CreateTempSubdirectory("cote-test-").FullName;
        await using (var app = CoteHost.Create(
            ["--urls=http://127.0.0.1:0", $"--Cote:Data:Directory={data}"],
            add =>
            {
                add.Services.AddLogging(x => x.ClearProviders());
                add.AddProvider(new Provider("broken", ["m"], _ => throw new ArgumentException("sk-secret")));
            }))
        {
            await app.StartAsync();
            using var ada = await CoteClient.RegisterAsync(new Uri(app.Urls.First()));
            var chat = await ada.CreateChatAsync(model: "broken/m");

            var end = await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Hi")).Text("reply_id"));

            end.Text("generation", "state").ShouldBe("failed");
            end.Text("generation", "error", "code").ShouldBe("bad_upstream");
            end.ToString().ShouldNotContain("sk-secret");
            await app.StopAsync();
        }
        Directory.Delete(data, recursive: true);
    }
}
