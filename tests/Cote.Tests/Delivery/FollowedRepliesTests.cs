using Cote.Chats;
using Cote.Replies;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

/// <summary>Replies of another node that are followed on this one.</summary>
public sealed class FollowedRepliesTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task One_that_has_ended_is_not_told_of_to_whom_the_end_was_shown_before_this_node_knows_it()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var reader = await ada.ConnectAsync(); // Without one nothing is followed.
        var (question, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("Hello", " world")));
        await reader.EndOfAsync(reply);
        var streaming = live.App.Services.GetRequiredService<StreamingReplies>();
        await Patience.UntilAsync(() => Task.FromResult(streaming.Find(ada.Id, reply) is null), "it is made no more");
        // Its node has committed the end; this one has not looked since.
        streaming.Follow(ada.Id, new(chat, reply, question, 2, "openai/fake", 1, 1, "Hello", ReplyParts.None,
            new TreePlace(question), Home: "another node")).ShouldNotBeNull();

        await using var socket = await ada.ConnectAsync();
        await using var viewer = await SharedViewer.OpenAsync(live.App, ada, chat);
        var next = await viewer.AskAsync("and now?");

        await socket.EndOfAsync(next.Text("reply_id"));
        socket.All.Where(x => x.Type is "message.snapshot" or "message.delta").ShouldAllBe(x => x.MessageId != reply);
        viewer.Frames.ShouldAllBe(x => x.Type == "reset" || x.Data.Number("place") > 2);
        streaming.StopFollowing(ada.Id);
    }
}
