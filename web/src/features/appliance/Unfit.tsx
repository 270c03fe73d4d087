import { Fitness } from "../../ui/DriveFacts";
import { Time } from "../../ui/Time";
import type { LastQualification } from "./drives";

/** Says of a drive that is about to be trusted that it should not be; nothing where it may be. */
export function Unfit({ last }: { last: LastQualification | null }) {
  if (!last || last.qualification.isFit) return null;
  return (
    <div role="alert">
      <Fitness qualification={last.qualification} />
      <p>
        It was tried <Time at={last.at} />. A backup on it may not be there when it is needed: use
        another drive.
      </p>
    </div>
  );
}
