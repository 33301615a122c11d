using Cote.Tests.Harness;

[assembly: AssemblyFixture(typeof(SharedApp))]

namespace Cote.Tests.Messages;

public sealed class SendMessageTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_message_is_answered_at_once_and_its_reply_follows_by_itself()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();

        var question = await ada.AskAsync(chat, "Hi");
        var reply = await socket.EndOfAsync(question.GetProperty("reply_id").GetString()!);

        reply.GetProperty("content").GetString().ShouldBe("Hello world");
        reply.GetProperty("generation").GetProperty("state").GetString().ShouldBe("completed");
    }
}
