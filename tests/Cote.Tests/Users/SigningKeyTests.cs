using Cote.Primitives;

namespace Cote.Tests.Users;

public sealed class SigningKeyTests : IDisposable
{
    readonly string _data = Directory.CreateTempSubdirectory("cote-test-").FullName;

    [Fact]
    public void A_signing_key_that_is_too_short_is_said_before_the_server_starts()
    {
        var error = Should.Throw<StartupException>(() => Create("--Cote:Auth:SigningKey=short"));

        error.Message.ShouldStartWith("Cote__Auth__SigningKey has 5 bytes; it needs at least 32");
    }

    [Theory]
    [InlineData("not base64!")]
    [InlineData("c2hvcnQ=")]
    public void A_broken_key_file_is_said_before_the_server_starts(string kept)
    {
        var file = Path.Combine(_data, "signing.key");
        File.WriteAllText(file, kept);

        Should.Throw<StartupException>(() => Create()).Message.ShouldStartWith($"The signing key in {file} is broken.");
    }

    [Fact]
    public void Without_a_key_one_is_made_that_only_its_owner_can_read()
    {
        Create();

        var file = Path.Combine(_data, "signing.key");
        Convert.FromBase64String(File.ReadAllText(file)).Length.ShouldBe(48);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    void Create(params string[] args)
    {
        using var _ = CoteHost.Create([$"--Cote:Data:Directory={_data}", "--urls=http://127.0.0.1:0", .. args]) as IDisposable;
    }
}
